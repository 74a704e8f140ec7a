from django.urls import path

from speech_project.webhooks.api import views

API = "api/v1/webhooks/"

urlpatterns = [
    path(API, views.Webhooks.as_view(), name="api-webhooks"),
    path(API + "<int:webhook_id>/", views.OneWebhook.as_view(), name="api-webhook"),
    path(API + "<int:webhook_id>/rotate/", views.RotateSecret.as_view(), name="api-webhook-rotate"),
    path(API + "<int:webhook_id>/test/", views.SendTest.as_view(), name="api-webhook-test"),
    path(API + "<int:webhook_id>/deliveries/", views.Deliveries.as_view(), name="api-deliveries"),
    path(
        API + "<int:webhook_id>/deliveries/<uuid:delivery_id>/replay/",
        views.ReplayDelivery.as_view(),
        name="api-delivery-replay",
    ),
]

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from django.views.generic import TemplateView

from speech_project.api.describing import Schema

page = TemplateView.as_view(template_name="api_docs.html")

urlpatterns = [
    path("api/schema/", Schema.as_view(), name="api-schema"),
    path("api/docs/", login_not_required(page), name="api-docs"),
]

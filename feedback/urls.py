from django.urls import path

from feedback import views

urlpatterns = [
    path("quality/", views.quality, name="quality"),
    path("review/<uuid:job_id>/", views.desk, name="desk"),
    path("review/<uuid:job_id>/submit/", views.submit, name="submit"),
    path("review/<uuid:job_id>/reviewed/", views.reviewed, name="reviewed"),
    path("review/<uuid:job_id>/reopen/", views.reopen, name="reopen"),
    path("review/<uuid:job_id>/segments/<int:segment_id>/", views.segment, name="segment"),
    path("review/<uuid:job_id>/segments/<int:segment_id>/save/", views.save, name="save"),
    path("review/<uuid:job_id>/segments/<int:segment_id>/turn/", views.turn, name="turn"),
    path(
        "review/<uuid:job_id>/segments/<int:segment_id>/language/", views.language, name="language"
    ),
]

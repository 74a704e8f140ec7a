from django.urls import path

from transcription import export_views, queue_views, views
from transcription.wire import views as wire

urlpatterns = [
    path("", queue_views.queue, name="queue"),
    path("upload/", queue_views.upload, name="upload"),
    path("next/", queue_views.review_next, name="next"),
    path("jobs/<uuid:job_id>/", views.job_page, name="job"),
    path("jobs/<uuid:job_id>/row/", queue_views.row, name="row"),
    path("jobs/<uuid:job_id>/take/", queue_views.take, name="take"),
    path("jobs/<uuid:job_id>/give-back/", queue_views.give_back, name="give-back"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry/", views.retry, name="retry"),
    path("jobs/<uuid:job_id>/rerun/", views.rerun, name="rerun"),
    path("jobs/<uuid:job_id>/audio/", views.audio, name="audio"),
    path("jobs/<uuid:job_id>/peaks/", views.peaks, name="peaks"),
    path("jobs/<uuid:job_id>/export.<str:format>", export_views.export, name="export"),
    path("exports.zip", export_views.export_zip, name="exports-zip"),
    path("v1/audio/transcriptions", wire.Transcriptions.as_view(), name="wire-transcriptions"),
    path("v1/models", wire.Models.as_view(), name="wire-models"),
    path("v1/models/<path:name>", wire.Model.as_view(), name="wire-model"),
]

from django.urls import path

from transcription import api, views

urlpatterns = [
    path("", views.queue, name="queue"),
    path("upload/", views.upload, name="upload"),
    path("jobs/<uuid:job_id>/", views.job_page, name="job"),
    path("jobs/<uuid:job_id>/row/", views.row, name="row"),
    path("jobs/<uuid:job_id>/cancel/", views.cancel, name="cancel"),
    path("jobs/<uuid:job_id>/retry/", views.retry, name="retry"),
    path("jobs/<uuid:job_id>/rerun/", views.rerun, name="rerun"),
    path("jobs/<uuid:job_id>/audio/", views.audio, name="audio"),
    path("jobs/<uuid:job_id>/peaks/", views.peaks, name="peaks"),
    path("api/v1/jobs/", api.JobList.as_view(), name="api-jobs"),
    path("api/v1/jobs/<uuid:job_id>/", api.JobDetail.as_view(), name="api-job"),
    path("api/v1/jobs/<uuid:job_id>/segments/", api.JobSegments.as_view(), name="api-segments"),
    path("api/v1/jobs/<uuid:job_id>/cancel/", api.CancelJob.as_view(), name="api-cancel"),
    path("api/v1/jobs/<uuid:job_id>/retry/", api.RetryJob.as_view(), name="api-retry"),
    path("api/v1/jobs/<uuid:job_id>/rerun/", api.RerunJob.as_view(), name="api-rerun"),
]

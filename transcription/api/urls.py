from django.urls import path

from transcription.api import exports, jobs, segments, sound, usage

JOB = "jobs/<uuid:job_id>/"

urlpatterns = [
    path("jobs/", jobs.JobList.as_view(), name="api-jobs"),
    path(JOB, jobs.JobDetail.as_view(), name="api-job"),
    path(JOB + "cancel/", jobs.CancelJob.as_view(), name="api-cancel"),
    path(JOB + "retry/", jobs.RetryJob.as_view(), name="api-retry"),
    path(JOB + "rerun/", jobs.RerunJob.as_view(), name="api-rerun"),
    path(JOB + "runs/", jobs.JobRuns.as_view(), name="api-runs"),
    path(JOB + "hints/", jobs.JobHints.as_view(), name="api-hints"),
    path(JOB + "segments/", segments.JobSegments.as_view(), name="api-segments"),
    path(JOB + "words/", segments.JobWords.as_view(), name="api-words"),
    path(JOB + "audio/", sound.Audio.as_view(), name="api-audio"),
    path(JOB + "peaks/", sound.Peaks.as_view(), name="api-peaks"),
    path(JOB + "export.<str:ending>", exports.Export.as_view(), name="api-export"),
    path("exports.zip", exports.ExportZip.as_view(), name="api-exports-zip"),
    path("usage/", usage.Usage.as_view(), name="api-usage"),
]

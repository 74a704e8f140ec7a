from django.contrib import admin
from django.urls import include, path

from speech_project import health

handler400 = "speech_project.errors.bad_request"
handler403 = "speech_project.errors.not_allowed"
handler404 = "speech_project.errors.not_found"
handler500 = "speech_project.errors.fault"

admin.autodiscover()
admin.site.site_header = admin.site.site_title = "Verbatim"
admin.site.index_title = "Curate"

urlpatterns = [
    path("api/v1/", include("transcription.api.urls")),  # asked for most
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("admin/", admin.site.urls),
    path("", include("speech_project.access.urls")),
    path("", include("speech_project.api.urls")),
    path("", include("speech_project.webhooks.urls")),
    path("", include("lexicon.urls")),
    path("", include("transcription.urls")),
    path("", include("feedback.urls")),
]

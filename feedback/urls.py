from django.urls import path

from feedback.api import candidates
from feedback.api.quality import Quality, Reviews
from feedback.api.reviews import JobFeedback, ReopenJob
from feedback.api.segments import JobSegment
from feedback.views import comparing, desk, quality, reviewing, searching, segments, settings

AT = "review/<uuid:job_id>/"
COMPARE = "jobs/<uuid:job_id>/compare/<uuid:proposal_id>/"
API = "api/v1/jobs/<uuid:job_id>/"
CANDIDATES = "api/v1/lexicon/candidates/"
ALTERNATIVES = CANDIDATES + "alternatives/"
SEGMENT = AT + "segments/<int:segment_id>/"

urlpatterns = [
    path("quality/", quality.quality, name="quality"),
    path("quality/reviews/", quality.reviews, name="quality-reviews"),
    path("settings/", settings.settings, name="settings"),
    path("settings/keys/restore/", settings.restore_keys, name="restore_keys"),
    path(AT, desk.desk, name="desk"),
    path(AT + "words/", desk.words, name="words"),
    path(AT + "here/", desk.here, name="here"),
    path(AT + "title/", desk.rename, name="rename"),
    path(AT + "find/", searching.search, name="find"),
    path(AT + "rest/", searching.carry_on, name="carry-on"),
    path(AT + "replace/", searching.replace, name="replace"),
    path(AT + "term/", searching.add_term, name="add-term"),
    path(AT + "submit/", reviewing.submit, name="submit"),
    path(AT + "reviewed/", reviewing.reviewed, name="reviewed"),
    path(AT + "reopen/", reviewing.reopen, name="reopen"),
    path(COMPARE, comparing.comparison, name="compare"),
    path(COMPARE + "take/<int:segment_id>/", comparing.take_one, name="take-proposed"),
    path(COMPARE + "put-back/<int:segment_id>/", comparing.put_back, name="put-back"),
    path(COMPARE + "take-all/", comparing.take_all, name="take-all-proposed"),
    path(COMPARE + "reopen/", comparing.reopen, name="reopen-to-compare"),
    path(SEGMENT, segments.segment, name="segment"),
    path(SEGMENT + "save/", segments.save, name="save"),
    path(SEGMENT + "turn/", segments.turn, name="turn"),
    path(SEGMENT + "language/", segments.language, name="language"),
    path(SEGMENT + "split/", segments.split, name="split"),
    path(SEGMENT + "merge/", segments.merge, name="merge"),
    path(SEGMENT + "insert/", segments.insert, name="insert"),
    path(SEGMENT + "back/", segments.back, name="back"),
    path(SEGMENT + "times/", segments.times, name="times"),
    path(SEGMENT + "speaker/", segments.speaker, name="speaker"),
    path(API + "segments/<int:segment_id>/", JobSegment.as_view(), name="api-segment"),
    path(API + "feedback/", JobFeedback.as_view(), name="api-feedback"),
    path(API + "reopen/", ReopenJob.as_view(), name="api-reopen"),
    path("api/v1/quality/", Quality.as_view(), name="api-quality"),
    path("api/v1/quality/reviews.csv", Reviews.as_view(), name="api-quality-reviews"),
    path(CANDIDATES, candidates.Candidates.as_view(), name="api-candidates"),
    path(CANDIDATES + "merge/", candidates.MergeMany.as_view()),
    path(CANDIDATES + "<int:candidate_id>/merge/", candidates.MergeOne.as_view()),
    path(ALTERNATIVES, candidates.WaitingAlternatives.as_view(), name="api-alternatives"),
    path(ALTERNATIVES + "<str:decision>/", candidates.DecideAlternatives.as_view()),
    path(
        ALTERNATIVES + "<int:alternative_id>/<str:decision>/",
        candidates.DecideAlternative.as_view(),
    ),
    path(CANDIDATES + "<str:decision>/", candidates.DecideMany.as_view()),
    path(CANDIDATES + "<int:candidate_id>/<str:decision>/", candidates.DecideOne.as_view()),
]

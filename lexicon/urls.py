from django.urls import path

from lexicon.api import files, terms

API = "api/v1/lexicon/"

urlpatterns = [
    path(API + "terms/", terms.Terms.as_view(), name="api-terms"),
    path(API + "terms/bulk/", files.Bulk.as_view(), name="api-terms-bulk"),
    path(API + "terms/<int:term_id>/", terms.OneTerm.as_view(), name="api-term"),
    path(API + "import/", files.Import.as_view(), name="api-lexicon-import"),
    path(API + "export.<str:ending>", files.Export.as_view(), name="api-lexicon-export"),
]

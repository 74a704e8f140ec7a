"""The product, and beside it the least that could answer: what its speed is compared with.

/empty/        a view of Django REST Framework that lets everybody in and has nothing to say
/bare-upload/  a view of Django that stores and hashes the file of a form
"""

import hashlib
from typing import cast

from django.contrib.auth.decorators import login_not_required
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Empty(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    def get(self, request: Request) -> Response:
        return Response({})


@csrf_exempt
@login_not_required
def bare_upload(request: HttpRequest) -> JsonResponse:
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    upload = cast(UploadedFile, request.FILES["file"])
    digest = hashlib.sha256()
    for block in upload.chunks():
        digest.update(block)
    name = default_storage.save("bare", upload)
    return JsonResponse({"name": name, "sha256": digest.hexdigest()}, status=201)


urlpatterns = [
    path("empty/", Empty.as_view()),
    path("bare-upload/", bare_upload),
    path("", include("speech_project.urls")),
]

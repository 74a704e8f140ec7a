import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "speech_project.settings")
application = get_wsgi_application()

# what is there from the start stays: looking through it again and again for what can be freed
# would take a good part of the time of a long page
gc.collect()
gc.freeze()

"""Loaded before anything else (pytest -p): the suite's own data folder and settings.

Nothing that a developer's shell or `var/` holds may reach the tests, other than the choice of
services: DATABASE_URL, REDIS_URL and CELERY_BROKER_URL are kept.
"""

import atexit
import gc
import os
import re
import shutil
import tempfile
from pathlib import Path

gc.disable()  # until all is imported and collected

for name in (
    "OPENAI_API_KEY", "OPENAI_BASE_URL", "STT_MODEL", "STT_MODELS", "STT_FALLBACK_MODEL",
    "ENGINE_CONCURRENCY", "ENGINE_REQUESTS_PER_MINUTE", "JOB_BUDGET_USD", "LEARN_ACCEPT_CONFIDENCE",
    "TRAINING_CONSENT_PAGES", "WEBHOOK_ALLOWED_NETWORKS", "SITE_URL", "DEBUG",
    "MEDIA_ROOT", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USER", "DB_PASSWORD", "ALLOWED_HOSTS",
    "WEB_THREADS", "WIRE_HOLD_S",
):  # fmt: skip
    os.environ.pop(name, None)

# of workers side by side each has a Redis database of its own, the next ones
worker = os.environ.get("PYTEST_XDIST_WORKER", "").removeprefix("gw")
for name in ("REDIS_URL", "CELERY_BROKER_URL") if worker.isdecimal() else ():
    if found := re.fullmatch(r"(redis://.+/)(\d+)", os.environ.get(name, "")):
        os.environ[name] = f"{found[1]}{int(found[2]) + int(worker)}"

# short and open to others: PostgreSQL's socket stands in it, and as root it runs as another user
folder = Path(tempfile.mkdtemp(prefix="verbatim-tests-"))
folder.chmod(0o755)
atexit.register(shutil.rmtree, folder, ignore_errors=True)

os.environ["VERBATIM_DATA"] = str(folder)
os.environ["SECRET_KEY"] = "of-the-tests-only-0123456789-abcdefghijklmnopqrstuvwxyz"
os.environ["ALLOWED_HOSTS"] = "127.0.0.1,localhost,testserver"

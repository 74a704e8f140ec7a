FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    VERBATIM_CONTAINER=true \
    VERBATIM_DATA=/data

WORKDIR /app

COPY requirements.lock .
RUN pip install --no-cache-dir --require-hashes --only-binary :all: --requirement requirements.lock

COPY . .
# the key and the address are only for this one command, which uses neither
RUN SECRET_KEY=unused DATABASE_URL=postgresql://unused/unused VERBATIM_DATA=/tmp/unused \
        python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf /tmp/unused \
    && useradd --system --uid 10001 --home-dir /data verbatim \
    && install -d -o verbatim -g verbatim -m 700 /data

USER verbatim
VOLUME /data
EXPOSE 8000

# asks for "localhost", so ALLOWED_HOSTS must keep that name
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s \
    CMD ["python", "-c", "from http.client import HTTPConnection as To; c = To('localhost', 8000, timeout=5); c.request('GET', '/healthz'); exit(c.getresponse().status != 200)"]

ENTRYPOINT ["./docker-entrypoint.sh"]
# WEB_CONCURRENCY says how many processes; more than one needs REDIS_URL
CMD ["python", "-m", "gunicorn", "speech_project.wsgi", "--config", "python:speech_project.web", "--bind", "0.0.0.0:8000", "--worker-class", "gthread", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]

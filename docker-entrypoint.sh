#!/bin/sh
# Waits for the database, sees to its schema, then becomes the command that it was given.
#   AUTO_MIGRATE=true    brings the schema up first
#   AUTO_MIGRATE=false   (the default) starts only when the schema is up
#   DB_WAIT_TIMEOUT      how many seconds to wait for the database (60)
set -eu

cd "$(dirname "$0")"
case ${AUTO_MIGRATE:=false} in
    true | false) ;;
    *)
        echo "AUTO_MIGRATE is '$AUTO_MIGRATE'. Allowed: true or false." >&2
        exit 1
        ;;
esac

python -m speech_project.wait_for_database

case "$*" in
    # these see to the schema themselves
    alembic | "alembic "* | *"-m alembic "* | *"manage.py migrate"* | *"manage.py upgrade_schema"*) ;;
    *)
        if [ "$AUTO_MIGRATE" = true ]; then
            python manage.py upgrade_schema
        else
            python manage.py check_schema
        fi
        ;;
esac

exec "$@"

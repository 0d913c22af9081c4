"""Django with psycopg 3 in each pool mode: migrations, ORM, transactions, server-side cursors, requests from threads.

  client_django.py COMMAND session|transaction|statement

The project is the folder polls beside this file. In statement mode the migrations go to PostgreSQL itself.
"""

import os
import sys
import threading

from services import PASSWORD, Services, check, finish, pool_size

import django
from django.conf import settings


def configure(port, mode):
    settings.configure(
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "polls"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True, SECRET_KEY="of a test",
        SESSION_ENGINE="django.contrib.sessions.backends.db",
        DATABASES={"default": {
            "ENGINE": "django.db.backends.postgresql", "NAME": "app", "USER": "app", "PASSWORD": PASSWORD,
            "HOST": "127.0.0.1", "PORT": port, "CONN_MAX_AGE": 60,
            # Parameters go to the server apart from the text; prepared under names from the first time on.
            "OPTIONS": {"server_side_binding": True, "prepare_threshold": 0}}})
    sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
    django.setup()


def migrate():
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
    call_command("migrate", "polls", "zero", verbosity=0)
    call_command("migrate", verbosity=0)
    call_command("migrate", check_unapplied=True, verbosity=0)
    call_command("makemigrations", check_changes=True, dry_run=True, verbosity=0)
    call_command("check", databases=["default"], verbosity=0)


def orm():
    from django.contrib.auth.models import User
    from django.db.models import Count, F
    from django.utils import timezone
    from polls.models import Choice, Question
    question = Question.objects.create(question_text="Größe?", pub_date=timezone.now(), extra={"a": [1, None]})
    Choice.objects.bulk_create([Choice(question=question, choice_text=f"{n} %") for n in range(500)], batch_size=100)
    Choice.objects.filter(question=question).update(votes=F("votes") + 1)
    check("votes", Choice.objects.filter(votes=1).count(), 500)
    check("related", Question.objects.annotate(n=Count("choice")).get(extra__a__0=1).n, 500)
    check("prefetched", len(Question.objects.prefetch_related("choice_set")[0].choice_set.all()), 500)
    check("a session's user", User.objects.create_user("sammy", password="pässword-1").check_password("pässword-1"))
    try:
        User.objects.create_user("sammy")
        check("a name twice", False)
    except django.db.IntegrityError:
        pass
    check("raw", [c.pk for c in Choice.objects.raw("SELECT * FROM polls_choice ORDER BY id LIMIT %s", [1])][0] > 0)
    return question


def server_side_cursors():
    """Outside of a transaction Django declares a cursor WITH HOLD: the client keeps its server until it is closed."""
    from django.db import transaction
    from polls.models import Choice
    choices = Choice.objects.order_by("pk")
    total = 0
    for number, choice in enumerate(choices.iterator(chunk_size=20)):
        total += choice.votes
        if number % 100 == 0:
            check("another query meanwhile", Choice.objects.count(), 500)
    check("iterated", total, 500)
    with transaction.atomic():
        check("iterated in a transaction", sum(c.votes for c in choices.iterator(chunk_size=20)), 500)


def transactions():
    from django.db import connection, transaction
    from polls.models import Choice, Question
    try:
        with transaction.atomic():
            Choice.objects.all().delete()
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    check("rolled back", Choice.objects.count(), 500)
    done = []
    with transaction.atomic():
        question = Question.objects.select_for_update().get()
        try:
            with transaction.atomic():
                Question.objects.create(pk=question.pk)
        except django.db.IntegrityError:
            pass
        question.question_text = "new"
        question.save()
        transaction.on_commit(lambda: done.append(connection.in_atomic_block))
    check("committed", (Question.objects.get().question_text, done), ("new", [False]))


def at_once():
    from django.db import connection, transaction
    from polls.models import Choice
    wrong = []
    keys = list(Choice.objects.values_list("pk", flat=True)[:8])

    def request(key):
        try:
            for _ in range(20):
                with transaction.atomic():
                    choice = Choice.objects.select_for_update().get(pk=key)
                    choice.votes += 1
                    choice.save()
        except Exception as error:
            wrong.append(error)
        connection.close()

    threads = [threading.Thread(target=request, args=(key,)) for key in keys for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check("16 threads", wrong, [])
    check("no vote was lost", sorted(Choice.objects.filter(pk__in=keys).values_list("votes", flat=True)), [41] * 8)


def refused():
    from django.db import connection, transaction
    from polls.models import Question
    try:
        with transaction.atomic():
            Question.objects.count()
        check("a transaction", False)
    except django.db.Error as error:
        check("the reason", "transaction blocks not allowed in statement pooling mode" in str(error))
    connection.close()
    check("a new connection", Question.objects.count(), 1)


def main():
    command, mode = sys.argv[1:3]
    with Services(command) as services:
        pooler = services.pooler(pool_mode=mode, default_pool_size=pool_size(mode))
        configure(pooler.port, mode)
        from django.db import connection
        if mode == "statement":
            connection.settings_dict["PORT"] = services.postgres.port
            migrate()
            connection.close()
            connection.settings_dict["PORT"] = pooler.port
            connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
        else:
            migrate()
        orm_in_parts(mode)
        check("the pooler runs", pooler.is_alive())
        connection.close()
    finish()


def orm_in_parts(mode):
    if mode == "statement":
        by_statement()
        refused()
    else:
        for tests in (orm, server_side_cursors, transactions, at_once):
            tests()


def by_statement():
    """What Django does without transactions of its own: saving one row, updates, queries."""
    from django.db.models import F
    from django.utils import timezone
    from polls.models import Choice, Question
    question = Question(question_text="Größe?", pub_date=timezone.now(), extra={"a": [1]})
    question.save()
    for n in range(50):
        Choice(question=question, choice_text=f"{n} %").save()
        check("read again", Choice.objects.filter(question=question).count(), n + 1)
    Choice.objects.filter(question=question).update(votes=F("votes") + 1)
    check("votes", Choice.objects.filter(votes=1).count(), 50)
    check("iterated", sum(c.votes for c in Choice.objects.iterator(chunk_size=20)), 50)


main()

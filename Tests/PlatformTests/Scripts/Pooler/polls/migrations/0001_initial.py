"""The tables, and rows that come and go in Python."""

import django.db.models.deletion
from django.db import migrations, models


def fill(apps, schema_editor):
    question = apps.get_model("polls", "Question").objects.create(question_text="temporary")
    question.choice_set.create(choice_text="temporary")
    question.delete()


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel("Question", [
            ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
            ("question_text", models.CharField(max_length=200)),
            ("pub_date", models.DateTimeField("date published", null=True)),
            ("extra", models.JSONField(default=dict)),
        ]),
        migrations.CreateModel("Choice", [
            ("id", models.BigAutoField(primary_key=True, serialize=False, auto_created=True, verbose_name="ID")),
            ("choice_text", models.CharField(max_length=200)),
            ("votes", models.IntegerField(default=0)),
            ("question", models.ForeignKey(to="polls.question", on_delete=django.db.models.deletion.CASCADE)),
        ]),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]

"""An index that is built beside those who write: not in a transaction."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("polls", "0001_initial")]
    operations = [AddIndexConcurrently("Question", models.Index(fields=["pub_date"], name="by_date"))]

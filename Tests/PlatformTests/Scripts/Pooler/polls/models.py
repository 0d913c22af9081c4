"""The models of Django's own tutorial, with a column of JSON."""

from django.db import models


class Question(models.Model):
    question_text = models.CharField(max_length=200)
    pub_date = models.DateTimeField("date published", null=True)
    extra = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["pub_date"], name="by_date")]


class Choice(models.Model):
    question = models.ForeignKey(Question, on_delete=models.CASCADE)
    choice_text = models.CharField(max_length=200)
    votes = models.IntegerField(default=0)

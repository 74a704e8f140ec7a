from django.apps import AppConfig


class LexiconConfig(AppConfig):
    name = "lexicon"

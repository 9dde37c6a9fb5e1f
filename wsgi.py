"""The web process: what a WSGI server imports."""

from config import Config
from ideas import create_app

app = create_app(Config.from_env())

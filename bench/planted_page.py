"""The site, but for one mistake: everybody's own profile says that it is the same for everybody. For `bench.cache`."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from config import Config
from ideas.serving import WebServer

PAGE = "/profile"
OF_ONE_READER = {"cache-control", "vary", "set-cookie"}


class PlantedServer(WebServer):
    """Serves the site with the mistake in it."""

    def load(self) -> Any:
        site = super().load()

        def serve(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            def begin(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
                if environ["PATH_INFO"] == PAGE:
                    headers = [each for each in headers if each[0].lower() not in OF_ONE_READER]
                    headers.append(("Cache-Control", "public, max-age=60"))
                return start_response(status, headers, *more)

            answer: Iterable[bytes] = site(environ, begin)
            return answer

        return serve


if __name__ == "__main__":
    PlantedServer(Config.from_env()).run()

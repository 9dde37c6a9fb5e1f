"""How the site is called and looks, as an administrator chose it in the browser."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base

SITE_NAME_LONGEST = 60
THE_ONE = 1


class Brand(Base):
    """The one row of what was chosen; what is None is as the settings say. Written by branding.py.

    logo: a picture of ours, as pictures.py makes them; logo_version changes with it.
    """

    __tablename__ = "brand"

    id: Mapped[int] = mapped_column(primary_key=True, default=THE_ONE)
    site_name: Mapped[str | None] = mapped_column(sa.String(SITE_NAME_LONGEST))
    accent: Mapped[str | None] = mapped_column(sa.String(7))
    logo: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    logo_version: Mapped[str | None] = mapped_column(sa.String(16))

    @property
    def subject(self) -> str:
        """What it is called in the audit log."""
        return "brand"

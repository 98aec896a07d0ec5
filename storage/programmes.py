"""Programmes and the services that they name for help."""

from datetime import date

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from storage.models import inserted, programme, support_service
from storage.records import NotThere, Programme, SupportService

_COLUMNS = (
    programme.c.id,
    programme.c.name,
    programme.c.starts_on,
    programme.c.ends_on,
    programme.c.time_zone,
    programme.c.region,
    programme.c.contact_name,
    programme.c.contact_email,
    programme.c.is_demo,
    programme.c.reminder_days,
    programme.c.first_date_days,
    programme.c.next_date_days,
    programme.c.quiet_from,
    programme.c.quiet_until,
    programme.c.check_in_days,
    programme.c.disclosure,
    programme.c.baseline_on,
    programme.c.midpoint_on,
    programme.c.end_on,
    programme.c.follow_up_on,
    programme.c.reflections,
    programme.c.mentees_eligible,
    programme.c.mentees_applied,
    programme.c.mentees_selected,
    programme.c.mentors_eligible,
    programme.c.mentors_applied,
    programme.c.mentors_selected,
    programme.c.controls_invited,
    programme.c.controls_volunteered,
)
_BY_ID = select(*_COLUMNS).where(programme.c.id == bindparam("programme_id"))

_SERVICES = select(
    support_service.c.nation,
    support_service.c.name,
    support_service.c.reach,
    support_service.c.checked_on,
)


class DemoDatabase(Exception):
    """The database holds the example programme: nothing real runs on it, and nothing real goes into it."""


def hold(connection: Connection, programme_id: int) -> None:
    """Be the only one who opens waves of a programme, or changes what people agreed to, until this transaction ends."""
    connection.execute(select(programme.c.id).where(programme.c.id == programme_id).with_for_update())


class Programmes:
    """The programme that this database holds."""

    def __init__(self, connection: Connection) -> None:
        self._db = connection

    def current(self) -> Programme | None:
        """The programme, or None before one is loaded."""
        row = self._db.execute(select(*_COLUMNS).order_by(programme.c.id.desc())).first()
        return Programme(*row) if row else None

    def real(self) -> Programme | None:
        """The programme, or None before one is loaded. Raises DemoDatabase for the example programme."""
        programme = self.current()
        if programme is not None and programme.is_demo:
            raise DemoDatabase
        return programme

    def get(self, programme_id: int) -> Programme:
        """The programme with this id. Raises NotThere where there is none."""
        row = self._db.execute(_BY_ID, {"programme_id": programme_id}).first()
        if row is None:
            raise NotThere(f"no programme {programme_id}")
        return Programme(*row)

    def all(self) -> list[Programme]:
        """Every programme, oldest first."""
        return [Programme(*row) for row in self._db.execute(select(*_COLUMNS).order_by(programme.c.id))]

    def add(
        self,
        *,
        name: str,
        starts_on: date,
        ends_on: date,
        time_zone: str,
        region: str,
        contact_name: str,
        contact_email: str,
        is_demo: bool = False,
    ) -> int:
        """Enter a programme; its id."""
        values = {
            "name": name,
            "starts_on": starts_on,
            "ends_on": ends_on,
            "time_zone": time_zone,
            "region": region,
            "contact_name": contact_name,
            "contact_email": contact_email,
            "is_demo": is_demo,
        }
        return inserted(self._db.execute(insert(programme).values(**values)))

    def change(self, programme_id: int, **values: object) -> None:
        """Change something about a programme, by the names of its fields."""
        self._db.execute(update(programme).where(programme.c.id == programme_id).values(**values))

    def mark_as_demo(self) -> int:
        """Say of the programme that it is a demo's, so that nothing real runs on it; its id. Raises NotThere where
        there is none."""
        programme_id = self._db.execute(select(programme.c.id)).scalar()
        if programme_id is None:
            raise NotThere("no programme")
        self.change(programme_id, is_demo=True)
        return int(programme_id)

    def services(self, programme_id: int, nation: str) -> list[SupportService]:
        """The services for doctors in a nation, those for the whole UK last."""
        query = (
            _SERVICES.where(support_service.c.programme_id == programme_id)
            .where(support_service.c.nation.in_((nation, "UK")))
            .order_by(support_service.c.nation == "UK", support_service.c.name)
        )
        return [SupportService(*row) for row in self._db.execute(query)]

    def all_services(self, programme_id: int) -> list[SupportService]:
        """The services for all nations."""
        query = _SERVICES.where(support_service.c.programme_id == programme_id)
        return [SupportService(*row) for row in self._db.execute(query.order_by(support_service.c.name))]

    def drop_services(self, programme_id: int) -> None:
        """Name no services any more."""
        self._db.execute(delete(support_service).where(support_service.c.programme_id == programme_id))

    def add_service(self, programme_id: int, service: SupportService) -> None:
        """Name a service that helps doctors."""
        self._db.execute(
            insert(support_service).values(
                programme_id=programme_id,
                nation=service.nation,
                name=service.name,
                reach=service.reach,
                checked_on=service.checked_on,
            )
        )

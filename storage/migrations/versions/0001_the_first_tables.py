"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "due",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("rule", "subject", "due_at", name=op.f("pk_due")),
    )
    op.create_index(
        "ix_due_open",
        "due",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "file",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_file")),
    )
    op.create_index(op.f("ix_file_expires_at"), "file", ["expires_at"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", name=op.f("uq_organisation_name")),
    )
    op.create_table(
        "outbox",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answers_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("useful_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retry_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("maybe_sent", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("conversation", sa.Text(), nullable=True),
        sa.Column("remote_id", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dead_reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("place", "key", name=op.f("uq_outbox_place_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_pending",
        "outbox",
        ["place", "queued_at"],
        unique=False,
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_sent",
        "outbox",
        ["conversation", "remote_id"],
        unique=False,
        sqlite_where=sa.text("remote_id IS NOT NULL"),
        postgresql_where=sa.text("remote_id IS NOT NULL"),
    )
    op.create_table(
        "pace",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("busy_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pace")),
    )
    op.create_table(
        "person",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), server_default="", nullable=False),
        sa.Column("grade", sa.Text(), server_default="", nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), server_default="20", nullable=False),
        sa.Column("quiet_until", sa.Integer(), server_default="8", nullable=False),
        sa.Column("no_send_days", sa.Text(), server_default="56", nullable=False),
        sa.Column("away_until", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_email"), "person", ["email"], unique=False)
    op.create_table(
        "place",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("conversation", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("service_url", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_place")),
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("reminder_days", sa.Integer(), server_default="7", nullable=False),
        sa.Column("first_date_days", sa.Integer(), server_default="21", nullable=False),
        sa.Column("next_date_days", sa.Integer(), server_default="42", nullable=False),
        sa.Column("quiet_from", sa.Integer(), server_default="20", nullable=False),
        sa.Column("quiet_until", sa.Integer(), server_default="8", nullable=False),
        sa.Column("check_in_days", sa.Integer(), server_default="61", nullable=False),
        sa.Column("disclosure", sa.Text(), server_default="standard", nullable=False),
        sa.Column("mentees_eligible", sa.Integer(), nullable=True),
        sa.Column("mentees_applied", sa.Integer(), nullable=True),
        sa.Column("mentees_selected", sa.Integer(), nullable=True),
        sa.Column("mentors_eligible", sa.Integer(), nullable=True),
        sa.Column("mentors_applied", sa.Integer(), nullable=True),
        sa.Column("mentors_selected", sa.Integer(), nullable=True),
        sa.Column("controls_invited", sa.Integer(), nullable=True),
        sa.Column("controls_volunteered", sa.Integer(), nullable=True),
        sa.Column("baseline_on", sa.Date(), nullable=True),
        sa.Column("midpoint_on", sa.Date(), nullable=True),
        sa.Column("end_on", sa.Date(), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("reflections", sa.Text(), server_default="twice", nullable=False),
        sa.Column("is_demo", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.CheckConstraint("disclosure IN ('standard', 'strict', 'research')", name=op.f("ck_programme_disclosure")),
        sa.CheckConstraint(
            "reflections IN ('twice', 'once', 'always', 'never')", name=op.f("ck_programme_reflections")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("name", name=op.f("uq_programme_name")),
    )
    op.create_table(
        "seen",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_seen")),
    )
    op.create_index(op.f("ix_seen_at"), "seen", ["at"], unique=False)
    op.create_table(
        "account",
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("unreachable_since", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_person_id")),
        sa.PrimaryKeyConstraint("platform", "tenant", "user", name=op.f("pk_account")),
    )
    op.create_index(op.f("ix_account_person_id"), "account", ["person_id"], unique=False)
    op.create_table(
        "account_claim",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("user", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Integer(), nullable=True),
        sa.CheckConstraint("decided IN ('confirmed', 'refused')", name=op.f("ck_account_claim_decided")),
        sa.ForeignKeyConstraint(["decided_by"], ["person.id"], name=op.f("fk_account_claim_decided_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_account_claim_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_claim")),
        sa.UniqueConstraint(
            "platform", "tenant", "user", "person_id", name=op.f("uq_account_claim_platform_tenant_user_person_id")
        ),
    )
    op.create_index(op.f("ix_account_claim_person_id"), "account_claim", ["person_id"], unique=False)
    op.create_table(
        "als_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("facilitator_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["facilitator_id"], ["person.id"], name=op.f("fk_als_set_facilitator_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_als_set_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_als_set")),
        sa.UniqueConstraint("programme_id", "name", name=op.f("uq_als_set_programme_id_name")),
    )
    op.create_index(op.f("ix_als_set_facilitator_id"), "als_set", ["facilitator_id"], unique=False)
    op.create_table(
        "consent",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_consent_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "tag", name=op.f("pk_consent")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "duty",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('lead', 'selector', 'facilitator', 'senior support')", name=op.f("ck_duty_kind")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_duty_person_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_duty_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "person_id", "kind", name=op.f("pk_duty")),
    )
    op.create_index(op.f("ix_duty_person_id"), "duty", ["person_id"], unique=False)
    op.create_table(
        "leave",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_leave_days")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_leave_person_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("person_id", "starts_on", name=op.f("pk_leave")),
    )
    op.create_table(
        "pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("mentor_id", sa.Integer(), nullable=False),
        sa.Column("mentee_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), server_default="proposed", nullable=False),
        sa.Column("introduced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'introduced', 'agreed', 'active', 'paused', 'ended')", name=op.f("ck_pair_state")
        ),
        sa.CheckConstraint("mentor_id <> mentee_id", name=op.f("ck_pair_two_people")),
        sa.ForeignKeyConstraint(["mentee_id"], ["person.id"], name=op.f("fk_pair_mentee_id")),
        sa.ForeignKeyConstraint(["mentor_id"], ["person.id"], name=op.f("fk_pair_mentor_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_pair_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
        sa.UniqueConstraint(
            "programme_id", "mentor_id", "mentee_id", name=op.f("uq_pair_programme_id_mentor_id_mentee_id")
        ),
    )
    op.create_index(op.f("ix_pair_mentee_id"), "pair", ["mentee_id"], unique=False)
    op.create_index(op.f("ix_pair_mentor_id"), "pair", ["mentor_id"], unique=False)
    op.create_index(op.f("ix_pair_programme_id"), "pair", ["programme_id"], unique=False)
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="invited", nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("role IN ('mentor', 'mentee', 'control')", name=op.f("ck_participant_role")),
        sa.CheckConstraint("state IN ('invited', 'joined', 'declined', 'left')", name=op.f("ck_participant_state")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_participant_person_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_participant_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("programme_id", "person_id", name=op.f("uq_participant_programme_id_person_id")),
    )
    op.create_index(op.f("ix_participant_person_id"), "participant", ["person_id"], unique=False)
    op.create_table(
        "placement",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f("fk_placement_organisation_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_placement_person_id")),
        sa.PrimaryKeyConstraint("person_id", "starts_on", name=op.f("pk_placement")),
    )
    op.create_table(
        "prompt",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("outbox_id", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["outbox_id"], ["outbox.id"], name=op.f("fk_prompt_outbox_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_prompt_person_id")),
        sa.UniqueConstraint("person_id", "outbox_id", name=op.f("uq_prompt_person_id_outbox_id")),
    )
    op.create_index("ix_prompt_person_id_sent_at", "prompt", ["person_id", "sent_at"], unique=False)
    op.create_table(
        "report_request",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_report_request_person_id")),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_report_request_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "person_id", name=op.f("pk_report_request")),
    )
    op.create_index(op.f("ix_report_request_person_id"), "report_request", ["person_id"], unique=False)
    op.create_table(
        "research_copy",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_research_copy_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "tag", name=op.f("pk_research_copy")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "research_plan",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("ethics_reference", sa.Text(), nullable=False),
        sa.Column("evaluator", sa.Text(), nullable=False),
        sa.Column("evaluator_key", sa.Text(), nullable=False),
        sa.Column("retention_until", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open', 'closing', 'handed_over', 'destroyed')", name=op.f("ck_research_plan_state")
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_research_plan_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", name=op.f("pk_research_plan")),
    )
    op.create_table(
        "support_request",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("senior_id", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_support_request_person_id")),
        sa.ForeignKeyConstraint(["senior_id"], ["person.id"], name=op.f("fk_support_request_senior_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_support_request")),
    )
    op.create_index(op.f("ix_support_request_person_id"), "support_request", ["person_id"], unique=False)
    op.create_table(
        "support_service",
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("nation", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reach", sa.Text(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_support_service_programme_id")),
        sa.PrimaryKeyConstraint("programme_id", "nation", "name", name=op.f("pk_support_service")),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="open", nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sa.Text(), nullable=False),
        sa.CheckConstraint("level IN ('standard', 'strict', 'research')", name=op.f("ck_wave_level")),
        sa.CheckConstraint(
            "state IN ('open', 'closing', 'released', 'scrubbed', 'destroyed')", name=op.f("ck_wave_state")
        ),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_wave_programme_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
        sa.UniqueConstraint("key_id", name=op.f("uq_wave_key_id")),
        sa.UniqueConstraint(
            "programme_id", "name", "level", "opens_at", name=op.f("uq_wave_programme_id_name_level_opens_at")
        ),
    )
    op.create_table(
        "als_member",
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_als_member_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["set_id"], ["als_set.id"], name=op.f("fk_als_member_set_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("set_id", "person_id", name=op.f("pk_als_member")),
    )
    op.create_index(op.f("ix_als_member_person_id"), "als_member", ["person_id"], unique=False)
    op.create_table(
        "als_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("set_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="planned", nullable=False),
        sa.Column("uid", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("is_counted", sa.Boolean(), server_default=sa.text("(false)"), nullable=False),
        sa.CheckConstraint("state IN ('planned', 'held', 'cancelled')", name=op.f("ck_als_session_state")),
        sa.ForeignKeyConstraint(["set_id"], ["als_set.id"], name=op.f("fk_als_session_set_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_als_session")),
        sa.UniqueConstraint("uid", name=op.f("uq_als_session_uid")),
    )
    op.create_index(op.f("ix_als_session_set_id"), "als_session", ["set_id"], unique=False)
    op.create_table(
        "ledger",
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_ledger_wave_id")),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_ledger")),
    )
    op.create_table(
        "meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        sa.Column("how", sa.Text(), server_default="", nullable=False),
        sa.Column("logged_by", sa.Integer(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.Column("uid", sa.Text(), server_default="", nullable=False),
        sa.Column("sequence", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("state IN ('arranged', 'logged', 'cancelled')", name=op.f("ck_meeting_state")),
        sa.ForeignKeyConstraint(["logged_by"], ["person.id"], name=op.f("fk_meeting_logged_by")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_meeting_pair_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meeting")),
        sa.UniqueConstraint("pair_id", "day", name=op.f("uq_meeting_pair_id_day")),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("pair_id", sa.Integer(), nullable=False),
        sa.Column("by_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("place", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("state IN ('open', 'picked', 'withdrawn', 'superseded')", name=op.f("ck_proposal_state")),
        sa.ForeignKeyConstraint(["by_id"], ["person.id"], name=op.f("fk_proposal_by_id")),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_proposal_pair_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index(
        "ix_proposal_open",
        "proposal",
        ["pair_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "sealed_answer",
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.LargeBinary(), nullable=False),
        sa.Column("box", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_sealed_answer_wave_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("wave_id", "tag", name=op.f("pk_sealed_answer")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "wave_member",
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_wave_member_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_wave_member_wave_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("wave_id", "person_id", name=op.f("pk_wave_member")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_wave_member_person_id"), "wave_member", ["person_id"], unique=False)
    op.create_table(
        "als_attendance",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("came", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["person.id"], name=op.f("fk_als_attendance_person_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["session_id"], ["als_session.id"], name=op.f("fk_als_attendance_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_als_attendance")),
    )
    op.create_table(
        "als_reply",
        sa.Column("session_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.CheckConstraint("answer IN ('yes', 'no', 'maybe')", name=op.f("ck_als_reply_answer")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_als_reply_person_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["als_session.id"], name=op.f("fk_als_reply_session_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session_id", "person_id", name=op.f("pk_als_reply")),
    )
    op.create_table(
        "meeting_topic",
        sa.Column("meeting_id", sa.Integer(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["meeting_id"], ["meeting.id"], name=op.f("fk_meeting_topic_meeting_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("meeting_id", "topic", name=op.f("pk_meeting_topic")),
    )
    op.create_table(
        "painted",
        sa.Column("wave_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["wave_id"], ["ledger.wave_id"], name=op.f("fk_painted_wave_id")),
        sa.PrimaryKeyConstraint("wave_id", name=op.f("pk_painted")),
    )
    op.create_table(
        "picture",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("alt", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["wave_id"], ["ledger.wave_id"], name=op.f("fk_picture_wave_id")),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_picture")),
        sa.UniqueConstraint("token", name=op.f("uq_picture_token")),
        sa.UniqueConstraint("wave_id", "number", name=op.f("uq_picture_wave_id_number")),
    )
    op.create_table(
        "proposal_time",
        sa.Column("proposal_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_time_proposal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "number", name=op.f("pk_proposal_time")),
    )
    op.create_table(
        "uploaded_picture",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["name"], ["picture.name"], name=op.f("fk_uploaded_picture_name")),
        sa.PrimaryKeyConstraint("name", "tenant", name=op.f("pk_uploaded_picture")),
    )


def downgrade() -> None:
    """Take the change back."""
    op.drop_table("uploaded_picture")
    op.drop_table("proposal_time")
    op.drop_table("picture")
    op.drop_table("painted")
    op.drop_table("meeting_topic")
    op.drop_table("als_reply")
    op.drop_table("als_attendance")
    op.drop_index(op.f("ix_wave_member_person_id"), table_name="wave_member")
    op.drop_table("wave_member")
    op.drop_table("sealed_answer")
    op.drop_index(
        "ix_proposal_open",
        table_name="proposal",
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.drop_table("proposal")
    op.drop_table("meeting")
    op.drop_table("ledger")
    op.drop_index(op.f("ix_als_session_set_id"), table_name="als_session")
    op.drop_table("als_session")
    op.drop_index(op.f("ix_als_member_person_id"), table_name="als_member")
    op.drop_table("als_member")
    op.drop_table("wave")
    op.drop_table("support_service")
    op.drop_index(op.f("ix_support_request_person_id"), table_name="support_request")
    op.drop_table("support_request")
    op.drop_table("research_plan")
    op.drop_table("research_copy")
    op.drop_index(op.f("ix_report_request_person_id"), table_name="report_request")
    op.drop_table("report_request")
    op.drop_index("ix_prompt_person_id_sent_at", table_name="prompt")
    op.drop_table("prompt")
    op.drop_table("placement")
    op.drop_index(op.f("ix_participant_person_id"), table_name="participant")
    op.drop_table("participant")
    op.drop_index(op.f("ix_pair_programme_id"), table_name="pair")
    op.drop_index(op.f("ix_pair_mentor_id"), table_name="pair")
    op.drop_index(op.f("ix_pair_mentee_id"), table_name="pair")
    op.drop_table("pair")
    op.drop_table("leave")
    op.drop_index(op.f("ix_duty_person_id"), table_name="duty")
    op.drop_table("duty")
    op.drop_table("consent")
    op.drop_index(op.f("ix_als_set_facilitator_id"), table_name="als_set")
    op.drop_table("als_set")
    op.drop_index(op.f("ix_account_claim_person_id"), table_name="account_claim")
    op.drop_table("account_claim")
    op.drop_index(op.f("ix_account_person_id"), table_name="account")
    op.drop_table("account")
    op.drop_index(op.f("ix_seen_at"), table_name="seen")
    op.drop_table("seen")
    op.drop_table("programme")
    op.drop_table("place")
    op.drop_index(op.f("ix_person_email"), table_name="person")
    op.drop_table("person")
    op.drop_table("pace")
    op.drop_index(
        "ix_outbox_sent",
        table_name="outbox",
        sqlite_where=sa.text("remote_id IS NOT NULL"),
        postgresql_where=sa.text("remote_id IS NOT NULL"),
    )
    op.drop_index(
        "ix_outbox_pending",
        table_name="outbox",
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.drop_index(
        "ix_outbox_due",
        table_name="outbox",
        sqlite_where=sa.text("body IS NOT NULL"),
        postgresql_where=sa.text("body IS NOT NULL"),
    )
    op.drop_table("outbox")
    op.drop_table("organisation")
    op.drop_index(op.f("ix_file_expires_at"), table_name="file")
    op.drop_table("file")
    op.drop_index(
        "ix_due_open",
        table_name="due",
        sqlite_where=sa.text("done_at IS NULL"),
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.drop_table("due")

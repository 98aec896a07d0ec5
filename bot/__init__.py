"""peermentor: a formal peer-mentoring programme inside Slack and Microsoft Teams."""

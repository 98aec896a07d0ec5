"""The end report: what releases and facts say of a programme, for a committee that reads it once.

``facts`` is all that it is made of; ``gathering`` takes that from the database, ``lines`` and ``contents`` make numbers
and tables of it, and ``page``, ``pdf``, ``sheets`` write them down. ``making`` runs the whole in a child process.
"""

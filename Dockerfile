FROM python:3.11-slim
# For the PDF of the report: what WeasyPrint needs, and letters to print with.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN pip install --no-cache-dir --require-hashes --no-deps --requirement requirements.lock
COPY bot bot
COPY storage storage
COPY manifest manifest
RUN pip install --no-cache-dir --no-deps --no-build-isolation . \
    && useradd --create-home peermentor \
    && install -d -o peermentor -m 0700 /var/lib/peermentor /var/lib/peermentor-keys
USER peermentor
ENV HOST=0.0.0.0 DATABASE_URL=sqlite:////var/lib/peermentor/peermentor.sqlite3 KEY_DIR=/var/lib/peermentor-keys
EXPOSE 3978
CMD ["peermentor", "run"]

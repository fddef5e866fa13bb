FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PATH=/opt/geooffers/venv/bin:$PATH
WORKDIR /srv/geooffers
COPY requirements.lock ./
COPY .ci/install-image .ci/
COPY manage.py pyproject.toml ./
COPY geooffers geooffers
COPY merchants merchants
COPY notifications notifications
RUN .ci/install-image /opt/geooffers \
    && useradd --system --home /srv/geooffers geooffers \
    && install -d -o geooffers var /srv/tombstones
USER geooffers
EXPOSE 8000
CMD ["python", "manage.py", "runweb", "--host", "0.0.0.0", "--port", "8000"]

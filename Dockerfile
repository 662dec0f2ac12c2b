# The app. One image runs the web and the worker, each in a container (docker-compose.yml) or, alone, both together.
#
#     docker build -t bascule --build-arg NEXT_PUBLIC_SITE_URL=https://cv.example.org .

FROM node:22-bookworm-slim AS build
# better-sqlite3 is compiled where no ready-made one fits; nothing of this stays in the final image.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ ca-certificates && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY package.json package-lock.json ./
COPY scripts/bootstrap.mjs scripts/generate.mjs ./scripts/
COPY prisma ./prisma
COPY tsconfig.json tsconfig.base.json ./
RUN node scripts/bootstrap.mjs
COPY . .
ARG NEXT_PUBLIC_SITE_URL=http://localhost:3000
ENV NEXT_TELEMETRY_DISABLED=1 NODE_ENV=production NEXT_PUBLIC_SITE_URL=$NEXT_PUBLIC_SITE_URL
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
# pg_dump of the server's major: it refuses a newer server than itself. The compose file's PostgreSQL has the same number.
ARG POSTGRES_MAJOR=17
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl tini \
 && install -d /usr/share/postgresql-common/pgdg \
 && curl -fsSo /usr/share/postgresql-common/pgdg/apt.postgresql.org.asc https://www.postgresql.org/media/keys/ACCC4CF8.asc \
 && echo "deb [signed-by=/usr/share/postgresql-common/pgdg/apt.postgresql.org.asc] https://apt.postgresql.org/pub/repos/apt bookworm-pgdg main" \
      > /etc/apt/sources.list.d/pgdg.list \
 && apt-get update \
 && apt-get install -y --no-install-recommends "postgresql-client-${POSTGRES_MAJOR}" \
 && apt-get purge -y curl && apt-get autoremove -y && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 \
    DATABASE_URL=file:/app/storage/database/app.db \
    CONTROL_DATABASE_URL=file:/app/storage/data/control.db \
    DATA_DIR=/app/storage/data \
    CV_DATA_DIR=/app/storage/cv_data
COPY --from=build --chown=node:node /app ./
# A volume takes its owner from the folder that it is first laid over.
RUN install -d -o node -g node -m 700 storage storage/database storage/data storage/cv_data
USER node
VOLUME ["/app/storage"]
EXPOSE 3000
# tini passes SIGTERM on and buries what ends: a worker that is stopped puts everything back first.
ENTRYPOINT ["tini", "--"]
CMD ["node", "--import", "tsx", "scripts/start.ts", "--hostname", "0.0.0.0"]

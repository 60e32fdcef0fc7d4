# One image for every process: worker (default), gateway, fake-provider, setup. glibc, because the Temporal SDK's core
# is built for it; Alpine will not do.
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY tsconfig.base.json tsconfig.json ./
COPY scripts scripts
COPY src src
COPY examples examples
# Compiles, and bundles the workflows, so that a worker starts without webpack.
RUN node scripts/build.mjs

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
# The SDK's core comes for five platforms, and with its source.
RUN cd node_modules/@temporalio/core-bridge \
 && rm -r sdk-core src bridge-macros \
 && find releases -mindepth 1 -maxdepth 1 -not -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM node:24-bookworm-slim
# The SDK's core verifies certificates against the system's.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates tini \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY --from=build /app/dist dist
USER node
# tini passes SIGTERM on, which drains, and reaps what is left.
ENTRYPOINT ["tini", "--", "node", "--enable-source-maps", "dist/cli/main.js"]
CMD ["worker"]

# Helio in a container. compose.yaml shows how to run it; docs/guide/containers.md says what each line is for.
FROM node:22-bookworm-slim AS build
WORKDIR /src
# better-sqlite3 compiles where it has no prebuilt binary.
RUN apt-get update && apt-get install -y --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
ENV NODE_ENV=production
WORKDIR /opt/helio
COPY --from=build /src/package.json /src/LICENSE /src/helio.schema.json ./
COPY --from=build /src/node_modules ./node_modules
COPY --from=build /src/dist ./dist
RUN mkdir -p /helio/.helio && chown -R node:node /helio && chmod 0700 /helio/.helio \
  && ln -s /opt/helio/dist/kernel/cli/main.js /usr/local/bin/helio
USER node
WORKDIR /helio
VOLUME ["/helio/.helio"]
EXPOSE 3000 3100 3200
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/livez').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["helio"]
CMD ["start", "-c", "/helio/helio.yaml"]

# docker build -t icpcheck --build-arg VERSION=$(git describe --tags --always) --build-arg COMMIT=$(git rev-parse HEAD) .
# docker run --rm -v "$PWD:/work:ro" icpcheck check filing.yaml
FROM --platform=$BUILDPLATFORM golang:1.26-alpine AS build
ARG TARGETOS TARGETARCH VERSION=dev COMMIT=
RUN apk add --no-cache ca-certificates tzdata
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -buildvcs=false \
      -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT" -o /image/usr/bin/icpcheck ./cmd/icpcheck \
 && mkdir -p /image/etc/ssl/certs /image/work /image/usr/share && mkdir -m 1777 /image/tmp \
 && cp /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ \
 && cp -R /usr/share/zoneinfo /image/usr/share/

# Nothing but the program, the certificates that RDAP over TLS needs, and the time zones for TZ. The root file system
# may be read-only: only --output writes, where it says, and what is cached goes below /tmp.
FROM scratch
COPY --from=build /image/ /
ENV HOME=/tmp XDG_CACHE_HOME=/tmp/cache
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/usr/bin/icpcheck"]

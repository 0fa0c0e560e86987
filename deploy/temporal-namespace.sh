#!/bin/sh
# Makes sure that the namespace exists and keeps finished tickets visible for thirty days.
# Fails until the server answers; the restart policy tries again.
set -eu

temporal operator cluster health
if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention 30d
else
    temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 30d
fi

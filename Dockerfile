# promptseg with all that it needs. docs/installing.md says how to build and start it.
#   docker build -t promptseg .                        PyTorch's CPU build
#   docker build -t promptseg --build-arg TORCH=default .   with CUDA, for a machine with an NVIDIA GPU
FROM python:3.11-slim-bookworm

ARG TORCH=cpu
ARG TORCH_CPU_INDEX=https://download.pytorch.org/whl/cpu
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1

# git: the commit goes into the provenance of every number.
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends git && rm -rf /var/lib/apt/lists/*

WORKDIR /promptseg
COPY requirements.txt ./
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN if [ "$TORCH" = cpu ]; then \
      grep -E '^torch(vision)?==' requirements.txt > torch.txt && \
      pip install --index-url "$TORCH_CPU_INDEX" -r torch.txt && rm torch.txt; \
    fi && \
    pip install -r requirements.txt

RUN useradd --create-home --uid 1000 promptseg && chown promptseg /promptseg
COPY --chown=promptseg . .
RUN pip install --no-deps -e .
USER 1000

CMD ["snakemake", "--cores", "all"]

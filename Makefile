# Everything a newcomer needs: `make demo`, `make test`. Nothing is installed outside .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test test-lean test-aarch64 fuzz torture fleet lint bench bench-scale bench-fleet bench-dashboard pictures clean

help: ## Show this
	@echo "sagui: from a folder of photos to a fleet of cameras that name what they see"
	@echo
	@grep -E '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## (.*)/  make \1\t\2/' | expand -t 24

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "sagui needs Python 3.11 or newer; name one with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@

demo: $(STAMP) ## Show the whole story on real photos of solar cells (about 4 minutes)
	$(BIN)/sagui demo

test: $(STAMP) ## Run the tests, in so many processes (JOBS=2)
	$(BIN)/pytest -n $(or $(JOBS),2) --dist loadfile

test-lean: $(STAMP) ## Run the device's tests with tflite-runtime, without TensorFlow (Python 3.11)
	$(BIN)/python -m tests.lean

test-aarch64: $(STAMP) ## Run the device's core as a Pi Zero 2 W, 3, 4 and 5, in qemu (about 3 minutes)
	SAGUI_TEST_BOARDS=all $(BIN)/pytest tests/aarch64

torture: $(STAMP) ## Kill the agent 200 times, and a device at every point of an update (about 10 minutes)
	SAGUI_TORTURE=200 $(BIN)/pytest --timeout=0 tests/device/mqtt/test_link_killed.py
	@$(BIN)/python -m tests.torture

fleet: $(STAMP) ## Roll models out to 1,000 simulated devices on a real broker (about 2 minutes)
	SAGUI_FLEET=1000 $(BIN)/pytest -s --timeout=0 tests/deploy/simulate/test_rollout.py

fuzz: $(STAMP) ## Feed garbage to all that reads what others wrote (a minute each; FUZZ_SECONDS=...)
	$(BIN)/python -m tests.fuzz --seconds $(or $(FUZZ_SECONDS),60)

lint: $(STAMP) ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(STAMP) ## Measure against the usual ways; writes runs/bench.json
	$(BIN)/python -m tests.bench

bench-scale: $(STAMP) ## Measure the memory of training on 200,000 photos (minutes, 3 GB of disk)
	$(BIN)/python -m tests.bench memory_200k

bench-fleet: $(STAMP) ## Measure what a broker carries, 500 to 5,000 devices (about 8 minutes)
	$(BIN)/python -m tests.bench.fleet

bench-dashboard: $(STAMP) ## Measure the dashboard: ingest, delay, memory, history (10 minutes, 3 GB of disk)
	$(BIN)/python -m tests.bench.dashboard

pictures: $(STAMP) ## Draw the pictures of docs/training.md again
	$(BIN)/sagui train elpv --out runs/pictures/augmented --overwrite --backbone lenet-5 --image-size 160 --epochs 1 \
	  --set augmentation.rotation=15 --set augmentation.zoom=0.15 --set augmentation.brightness=0.2 \
	  --set augmentation.noise=0.05 --set augmentation.cutout=0.25
	$(BIN)/sagui train elpv --out runs/pictures/rate --find-lr
	$(BIN)/sagui train elpv --out runs/pictures/overfitting --overwrite --backbone lenet-5 --image-size 64 --epochs 60 \
	  --views none --set head.dropout=0 --set regularization.label_smoothing=0 --set training.patience=60
	cp runs/pictures/augmented/augmented.png runs/pictures/rate/learning-rate.png docs/pictures/
	cp runs/pictures/overfitting/curves.png docs/pictures/overfitting.png

clean: ## Remove .venv and what was built
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

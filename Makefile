# Copyright (c) 2026 netiso.portmap contributors
# SPDX-License-Identifier: GPL-3.0-or-later
#
# `make help` lists the targets. Each gate is a target of its own; `make test` runs all
# of them but those in LONG, `make test-all` those too. Both end with a table of their times.

SHELL := /bin/bash
.DEFAULT_GOAL := help
# Where ip and tc are, Debian lets only root look.
export PATH := $(CURDIR)/.venv/bin:$(PATH):/usr/sbin:/sbin
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.build/collections
export LC_ALL := C.UTF-8
export PYTHONDONTWRITEBYTECODE := 1

# All but `install`, of which `cores` is more. LONG: `thorough` takes longer than all others; `units`
# and `cores` make virtual environments, and ask again of other versions what `unit` and `gates` ask.
# First what fails quickest; then two at any time, in an order that keeps two cores busy to the end
# and has gates that wait for the same locks of the kernel beside others.
FIRST := lint unit changelog reuse build
TOGETHER := robust molecule kernel services packets reboot hostile sanity boot examples guard gates \
	hosts integration importer ansible-lint demo docs docs-lint
LONG := thorough units cores
GATES := $(FIRST) $(TOGETHER) $(LONG)
MADE := .build .venv .ansible .mypy_cache .ruff_cache .pytest_cache .hypothesis
QUICK := smoke lint unit

# The demo and everything that touches the kernel need root, in namespaces of their own.
AS_ROOT := tools/as-root
export GOALS := $(MAKECMDGOALS)

.PHONY: help setup setup-demo test test-all test-quick clean soak bench bench-quick \
	$(GATES) smoke install mutants

help: ## This list
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: .build/dev.stamp ## What the tests need: packages, .venv, the collection tree
setup-demo: .build/demo.stamp

.build/dev.stamp: requirements-dev.txt requirements-demo.txt tools/setup
	@tools/setup dev
	@touch .build/demo.stamp $@

.build/demo.stamp: requirements-demo.txt tools/setup
	@tools/setup demo
	@touch $@

demo: setup-demo ## Three containers on a sandbox host, with real traffic (KEEP=1: leave it standing)
	@$(AS_ROOT) env KEEP="$(KEEP)" demo/run

test: setup ## Every gate but the longest, then a table of their times
	@tools/run-gates $(FIRST) -- $(TOGETHER)

test-all: setup ## All gates, which takes hours
	@tools/run-gates $(FIRST) -- $(LONG) $(TOGETHER)

test-quick: setup ## Lint, unit tests and a smoke test in the kernel, in half a minute
	@tools/run-gates -- $(QUICK)

lint: setup ## ruff, mypy --strict on the engine and on what plugins share, yamllint, shellcheck
	@tools/gate lint

unit: setup ## Pure code: no root, seconds
	@tools/gate unit

smoke: setup ## The kernel tests that say most in the least time (root)
	@tools/gate smoke

kernel: setup ## What runs do in a real kernel, in namespaces (root)
	@tools/gate kernel

packets: setup ## What becomes of packets, with both ways of steering (root)
	@tools/gate packets

hosts: setup ## Shapes of hosts: uplinks, addresses, routes, names, others' filters (root)
	@tools/gate hosts

boot: setup ## What a host does without a run: at boot, when it changes, when asked (root)
	@tools/gate boot

guard: setup ## Guards of ports: every way to one, kills, what is told (root)
	@tools/gate guard

robust: setup ## Kills, errors, races, damage, garbage (root)
	@tools/gate robust

hostile: setup ## What hostile containers and attackers outside try (root)
	@tools/gate hostile

thorough: setup ## What takes hours: each error at each point, 10,000 damages, other kernels (root)
	@tools/gate thorough

mutants: setup ## Plant faults, and name those that no test notices: an hour (root)
	@$(AS_ROOT) tools/mutants $(MUTANTS)

soak: setup ## An hour of churn, traffic and damage (root)
	@$(AS_ROOT) .venv/bin/python tests/robust/soak.py

bench: setup ## How fast, against what others do: half an hour (root)
	@$(AS_ROOT) bench/run

bench-quick: setup ## The same in three minutes (root)
	@$(AS_ROOT) bench/run --quick

examples: setup ## Commands and examples of the documentation, played on sandbox hosts (root)
	@tools/gate examples

gates: setup ## Documentation against code: options, RETURN, attributes; the gates themselves
	@tools/gate gates

sanity: setup ## ansible-test sanity, the oldest and the newest Python of the machine
	@tools/gate sanity

units: setup ## ansible-test units, the oldest and the newest Python; imports, every Python
	@tools/gate units

integration: setup ## ansible-test integration, in a sandbox host (root)
	@tools/gate integration

ansible-lint: setup ## ansible-lint, profile production
	@tools/gate ansible-lint

docs-lint: setup ## antsibull-docs over the documentation of modules and roles
	@tools/gate docs-lint

changelog: setup ## antsibull-changelog lint
	@tools/gate changelog

reuse: setup ## A copyright and a licence for every file
	@tools/gate reuse

build: setup ## The archive, as ansible-galaxy builds it
	@tools/gate build

importer: setup ## galaxy-importer on the archive, with its strict switches
	@tools/gate importer

install: setup ## The archive in an empty environment, and a playbook run from there (root)
	@tools/gate install

cores: setup ## The oldest and the newest ansible-core that we claim (root)
	@tools/gate cores

molecule: setup ## Scenarios on privileged containers under systemd (root)
	@tools/gate molecule

services: setup ## Scenarios with services in containers, and beside them (root)
	@tools/gate services

reboot: setup ## Scenarios with guarded services, and after a boot (root)
	@tools/gate reboot

docs: setup ## The documentation as HTML, in .build/docs/html
	@tools/gate docs

clean: ## Remove what setup and the tests made
	@rm -rf $(MADE) 2>/dev/null || $(AS_ROOT) rm -rf $(MADE)

# What `sam build` runs for each function of template.yaml, in the repository itself (samconfig.toml: build_in_source).
#
#   ARCHITECTURE   arm64 or x86_64, the same as the template's parameter: sam does not tell make.
#   BINARIES       a folder of binaries that are already built; nothing is compiled then.
#   PROFILE        the profile of Cargo.toml to build in; `release` is what is meant for AWS.
#
# cargo-lambda builds for any processor and an old enough C library, so it is used where it is installed. Without it the plain toolchain
# builds for this machine's own processor, and the result needs a C library no newer than that of provided.al2023 (2.34).

ARCHITECTURE ?= arm64
PROFILE ?= release
# The functions of the template, as their folders and binaries are called: SendEmailFunction is send-email.
TEMPLATE := $(dir $(lastword $(MAKEFILE_LIST)))template.yaml
KEBAB := s/\([a-z]\)\([A-Z]\)/\1-\2/g
PACKAGES := $(shell sed -n 's/^  \([A-Za-z][A-Za-z]*\)Function:$$/\1/p' '$(TEMPLATE)' | sed '$(KEBAB)' | tr '[:upper:]' '[:lower:]')
CARGO_FLAGS := --profile $(PROFILE) --locked $(addprefix --package ,$(PACKAGES))
TARGET_FOLDER := $(or $(CARGO_TARGET_DIR),target)

# The processor as an ELF file names it, in its 19th byte.
ELF_arm64 := b7
ELF_x86_64 := 3e
ifeq ($(ELF_$(ARCHITECTURE)),)
$(error ARCHITECTURE is $(ARCHITECTURE); arm64 or x86_64 is meant)
endif

# Where the binary of a function is, and what makes all of them at once, so that their dependencies are compiled once.
ifneq ($(BINARIES),)
BUILT = $(BINARIES)/$(1)
BUILD := @:
else ifneq ($(shell cargo lambda --version 2>/dev/null),)
BUILT = $(TARGET_FOLDER)/lambda/$(1)/bootstrap
BUILD := cargo lambda build $(CARGO_FLAGS) $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64)
else
BUILT = $(TARGET_FOLDER)/$(PROFILE)/$(1)
BUILD := cargo build $(CARGO_FLAGS)
endif

.PHONY: binaries
binaries:
	$(BUILD)

# SendEmailFunction: send-email
build-%Function: binaries
	@name=$$(printf %s '$*' | sed '$(KEBAB)' | tr '[:upper:]' '[:lower:]'); \
	built="$(call BUILT,$$name)"; \
	[ -f "$$built" ] || { echo "there is no binary of $$name at $$built" >&2; exit 1; }; \
	processor=$$(od -An -tx1 -j18 -N1 "$$built" | tr -d ' '); \
	[ "$$processor" = '$(ELF_$(ARCHITECTURE))' ] || \
	    { echo "$$built is not for $(ARCHITECTURE); cargo-lambda builds for every processor" >&2; exit 1; }; \
	cp "$$built" '$(ARTIFACTS_DIR)/bootstrap'

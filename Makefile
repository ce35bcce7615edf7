# What `sam build` runs for each function of template.yaml, in the repository itself (samconfig.toml: build_in_source).
#
#   ARCHITECTURE   arm64 or x86_64, the same as the template's parameter: sam does not tell make.
#   BINARIES       a folder of binaries that are already built; nothing is compiled then.
#
# cargo-lambda builds for any processor and an old enough C library, so it is used where it is installed. Without it the plain toolchain
# builds for this machine's own processor, and the result needs a C library no newer than that of provided.al2023 (2.34).

ARCHITECTURE ?= arm64
PACKAGES := admin dispatch feedback ingest portal send-email send-sms sweep sync
CARGO_FLAGS := --release --locked $(addprefix --package ,$(PACKAGES))
TARGET_FOLDER := $(or $(CARGO_TARGET_DIR),target)

# The processor as an ELF file names it, in its 19th byte.
ELF_arm64 := b7
ELF_x86_64 := 3e
ELF_WANTED := $(ELF_$(ARCHITECTURE))
ifeq ($(ELF_WANTED),)
$(error ARCHITECTURE is $(ARCHITECTURE); arm64 or x86_64 is meant)
endif

.PHONY: binaries
# All of them at once, so that their dependencies are compiled once. Says where they are.
binaries:
ifeq ($(BINARIES),)
	@if cargo lambda --version >/dev/null 2>&1; then \
	    cargo lambda build $(CARGO_FLAGS) $(if $(filter arm64,$(ARCHITECTURE)),--arm64,--x86-64); \
	else \
	    cargo build $(CARGO_FLAGS); \
	fi
endif

build-%Function: binaries
	@name=$$(printf %s '$*' | sed 's/\([a-z]\)\([A-Z]\)/\1-\2/g' | tr '[:upper:]' '[:lower:]'); \
	for built in $(if $(BINARIES),'$(BINARIES)'/$$name,$(TARGET_FOLDER)/lambda/$$name/bootstrap $(TARGET_FOLDER)/release/$$name); do \
	    [ ! -f "$$built" ] || break; \
	done; \
	[ -f "$$built" ] || { echo "there is no binary of $$name at $$built" >&2; exit 1; }; \
	processor=$$(od -An -tx1 -j18 -N1 "$$built" | tr -d ' '); \
	[ "$$processor" = '$(ELF_WANTED)' ] || { echo "$$built is for another processor than $(ARCHITECTURE)" >&2; exit 1; }; \
	cp "$$built" '$(ARTIFACTS_DIR)/bootstrap'

//! Links a `hypotf` of our own. The one of the C library has another version since 2.35, which provided.al2023 (2.34) lacks, and `skrifa`, which
//! reads fonts for `krilla`, asks for it: without this a function that is built beside a newer C library does not start on Lambda.

fn main() {
    println!("cargo:rerun-if-changed=hypotf.c");
    cc::Build::new().file("hypotf.c").link_lib_modifier("+whole-archive").compile("hypotf_of_our_own");
}

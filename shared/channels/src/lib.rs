//! Rendering, and one provider per channel behind one trait.

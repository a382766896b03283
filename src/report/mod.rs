//! Plain data, made readable. Nothing here measures, and nothing here prints: it makes the text, and the program decides where
//! it goes.

pub mod text;

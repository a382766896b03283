//! Plain data, made readable. Nothing here measures, and nothing here prints: it makes
//! the text, and the program decides where it goes.

pub mod csv;
pub mod json;
pub mod lag;
pub mod status;
pub mod svg;
pub mod text;
pub mod timeline;
pub mod trace;
pub mod warnings;

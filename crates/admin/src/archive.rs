//! An object with its facets as files side by side, and as one archive: how they are sent.
//!
//! ```text
//! <stem>.sqlite         the object's database
//! <stem>.facets         the index of its facets, if it ever had any
//! <stem>.<n>.sqlite     the database of facet n
//! ```
//!
//! The archive is a tar file with `object` for the stem. With an id for it, these are the files that
//! workerd keeps (reference section 13.1).

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use stated_storage::{FacetIndex, OBJECT_STEM, ROOT, copy_database, facet_index_path, facet_path};
use tar::{Archive, Builder};
use tempfile::TempDir;

use crate::refusal::Refusal;

/// Ends the name of a database's file.
const SUFFIX: &str = ".sqlite";

/// The files of an object and its facets in a folder.
#[derive(Clone, Debug)]
pub struct ObjectFiles {
    folder: PathBuf,
    stem: String,
    own: PathBuf,
}

impl ObjectFiles {
    /// Those whose first is `file`: the others are beside it, named after it.
    pub fn beside(file: &Path) -> Self {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        Self {
            folder: file.parent().unwrap_or_else(|| Path::new("")).to_owned(),
            stem: name.strip_suffix(SUFFIX).unwrap_or(&name).to_owned(),
            own: file.to_owned(),
        }
    }

    /// Those of a folder that has nothing else, as the storage makes it.
    pub(crate) fn alone_in(folder: &Path) -> Self {
        Self::beside(&folder.join(format!("{OBJECT_STEM}{SUFFIX}")))
    }

    /// The object's database.
    pub(crate) fn own(&self) -> &Path {
        &self.own
    }

    /// The databases of the facets that have one.
    ///
    /// # Errors
    /// [`Refusal::Storage`] for an index that cannot be read.
    pub(crate) fn facets(&self) -> Result<Vec<(u16, PathBuf)>, Refusal> {
        let numbers = FacetIndex::open(&self.index())?.descendants(ROOT);
        let paths = numbers
            .into_iter()
            .map(|number| (number, facet_path(&self.folder, &self.stem, number)));
        Ok(paths.filter(|(_, path)| path.exists()).collect())
    }

    fn index(&self) -> PathBuf {
        facet_index_path(&self.folder, &self.stem)
    }

    /// Writes an archive of copies, each of which has what the log beside a database says.
    ///
    /// # Errors
    /// [`Refusal::File`], [`Refusal::Storage`] for a file that is no database.
    pub fn pack(&self, out: impl Write) -> Result<(), Refusal> {
        let scratch = TempDir::with_prefix("stated-archive-").map_err(failed("make a folder"))?;
        let copies = Self::alone_in(scratch.path());
        copy_database(&self.own, &copies.own)?;
        for (number, path) in self.facets()? {
            copy_database(&path, &facet_path(&copies.folder, OBJECT_STEM, number))?;
        }
        if self.index().exists() {
            fs::copy(self.index(), copies.index()).map_err(failed("copy a facet index"))?;
        }
        copies.write_archive(out)
    }

    /// Writes an archive of the files as they are.
    ///
    /// # Errors
    /// [`Refusal::File`], [`Refusal::Storage`].
    pub(crate) fn write_archive(&self, out: impl Write) -> Result<(), Refusal> {
        let mut paths = vec![self.own.clone()];
        paths.extend(Some(self.index()).filter(|index| index.exists()));
        paths.extend(self.facets()?.into_iter().map(|(_, path)| path));
        let mut archive = Builder::new(out);
        let written = paths.iter().try_for_each(|path| {
            let name = path.file_name().unwrap_or_default();
            archive.append_path_with_name(path, name)
        });
        written
            .and_then(|()| archive.into_inner()?.flush())
            .map_err(failed("write an archive"))
    }

    /// Makes the files of an archive. None of them may exist; after an error those that were made are
    /// gone again.
    ///
    /// # Errors
    /// The first file that could not be made, with the reason.
    pub fn unpack(&self, archive: impl Read) -> Result<(), (PathBuf, io::Error)> {
        let mut made = Vec::new();
        let unpacked = self.unpack_noting(archive, &mut made);
        if unpacked.is_err() {
            for path in &made {
                // What is left of an archive that broke off is of no use.
                let _unused = fs::remove_file(path);
            }
        }
        unpacked
    }

    fn unpack_noting(
        &self,
        archive: impl Read,
        made: &mut Vec<PathBuf>,
    ) -> Result<(), (PathBuf, io::Error)> {
        let broken = |error| (self.own.clone(), error);
        let mut archive = Archive::new(archive);
        for entry in archive.entries().map_err(broken)? {
            let mut entry = entry.map_err(broken)?;
            let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
            let path = self.path_of(&name).ok_or_else(|| {
                let text = format!("the archive has `{name}`, which is no file of an object");
                broken(io::Error::new(io::ErrorKind::InvalidData, text))
            })?;
            let failed = |error| (path.clone(), error);
            let mut file = File::create_new(&path).map_err(failed)?;
            made.push(path.clone());
            io::copy(&mut entry, &mut file).map_err(failed)?;
        }
        match made.contains(&self.own) {
            true => Ok(()),
            false => Err(broken(io::Error::new(
                io::ErrorKind::InvalidData,
                "the archive has no object.sqlite",
            ))),
        }
    }

    /// Where a file of an archive belongs.
    fn path_of(&self, name: &str) -> Option<PathBuf> {
        let rest = name.strip_prefix(OBJECT_STEM)?;
        match rest {
            SUFFIX => Some(self.own.clone()),
            ".facets" => Some(self.index()),
            _ => {
                let number = rest.strip_prefix('.')?.strip_suffix(SUFFIX)?;
                let number = number.parse().ok()?;
                Some(facet_path(&self.folder, &self.stem, number))
            }
        }
    }
}

fn failed(action: &'static str) -> impl Fn(io::Error) -> Refusal {
    move |error| Refusal::File(action, error)
}

impl From<(PathBuf, io::Error)> for Refusal {
    /// The files are scratch ones; what is wrong is wrong with the archive.
    fn from((_, error): (PathBuf, io::Error)) -> Self {
        Self::BadRequest(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = Builder::new(Vec::new());
        for (name, content) in entries {
            let mut header = tar::Header::new_gnu();
            header.set_size(content.len() as u64);
            builder.append_data(&mut header, name, *content).unwrap();
        }
        builder.into_inner().unwrap()
    }

    #[test]
    fn files_of_an_archive_are_made_beside_the_one_that_is_named() {
        let folder = TempDir::new().unwrap();
        let packed = archive(&[
            ("object.sqlite", b"own"),
            ("object.facets", b"index"),
            ("object.7.sqlite", b"seven"),
        ]);

        let files = ObjectFiles::beside(&folder.path().join("ann.sqlite"));
        files.unpack(packed.as_slice()).unwrap();

        for (name, content) in [
            ("ann.sqlite", "own"),
            ("ann.facets", "index"),
            ("ann.7.sqlite", "seven"),
        ] {
            let found = fs::read_to_string(folder.path().join(name)).unwrap();
            assert_eq!(found, content, "{name}");
        }
    }

    #[test]
    fn an_archive_with_anything_else_leaves_nothing() {
        for name in [
            "other.sqlite",
            "object.x.sqlite",
            "object.65536.sqlite",
            "a/b",
        ] {
            let folder = TempDir::new().unwrap();
            let packed = archive(&[("object.sqlite", b"own"), (name, b"")]);

            let files = ObjectFiles::beside(&folder.path().join("ann"));
            let (_, error) = files.unpack(packed.as_slice()).unwrap_err();

            assert_eq!(
                error.to_string(),
                format!("the archive has `{name}`, which is no file of an object")
            );
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{name}");
        }
    }

    #[test]
    fn an_archive_without_an_object_and_bytes_that_are_none_are_refused() {
        let folder = TempDir::new().unwrap();
        let files = ObjectFiles::beside(&folder.path().join("ann"));

        let (_, error) = files.unpack(archive(&[]).as_slice()).unwrap_err();
        assert_eq!(error.to_string(), "the archive has no object.sqlite");
        assert!(files.unpack([7; 2000].as_slice()).is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

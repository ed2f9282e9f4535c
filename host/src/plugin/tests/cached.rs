//! The cache of compiled modules: used when it is ours, ignored when it is not.

use std::fs;
use std::path::{Path, PathBuf};

use super::*;

fn compiled(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "cwasm")).collect();
    files.sort();
    files
}

fn in_folder(folder: &Path) -> Plugins {
    Plugins::new(Settings { cache: folder.to_owned(), limits: patient() }).unwrap()
}

#[tokio::test]
async fn the_second_load_takes_what_the_first_compiled() {
    let folder = tempfile::tempdir().unwrap();
    let component = components::hostile();
    in_folder(folder.path()).load(&component).await.unwrap();
    let files = compiled(folder.path());
    assert_eq!(files.len(), 1);
    let written = fs::metadata(&files[0]).unwrap().modified().unwrap();
    in_folder(folder.path()).load(&component).await.unwrap();
    assert_eq!(compiled(folder.path()), files);
    assert_eq!(fs::metadata(&files[0]).unwrap().modified().unwrap(), written);
}

#[tokio::test]
async fn a_module_that_was_tampered_with_cut_or_renamed_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let component = components::hostile();
    in_folder(folder.path()).load(&component).await.unwrap();
    let file = compiled(folder.path()).remove(0);
    let good = fs::read(&file).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    in_folder(folder.path()).load(&components::example("describe")).await.ok();
    let other = compiled(folder.path()).into_iter().find(|path| *path != file);
    let swapped = other.map_or_else(Vec::new, |path| fs::read(path).unwrap());
    for bad in [flipped, good[..good.len() / 2].to_vec(), Vec::new(), swapped] {
        fs::write(&file, &bad).unwrap();
        in_folder(folder.path()).load(&component).await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), good);
    }
}

#[tokio::test]
async fn under_another_key_nothing_verifies() {
    let folder = tempfile::tempdir().unwrap();
    let component = components::hostile();
    in_folder(folder.path()).load(&component).await.unwrap();
    fs::remove_file(folder.path().join("key")).unwrap();
    in_folder(folder.path()).load(&component).await.unwrap();
    assert_eq!(compiled(folder.path()).len(), 2);
}

#[cfg(unix)]
#[tokio::test]
async fn the_key_is_for_its_owner_only_and_one_that_others_could_read_is_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    in_folder(folder.path());
    let first = fs::read(&key).unwrap();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    in_folder(folder.path());
    assert_eq!(fs::read(&key).unwrap(), first);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    in_folder(folder.path());
    assert_ne!(fs::read(&key).unwrap(), first);
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let settings = Settings { cache: file.join("cache"), limits: patient() };
    let error = Plugins::new(settings).unwrap_err().to_string();
    assert!(error.contains("the folder of compiled plugins"), "{error}");
}

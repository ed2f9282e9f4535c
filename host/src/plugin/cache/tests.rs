use super::super::engine;
use super::*;

/// Two components that differ and are compiled in no time: nothing in them but a remark.
const ONE: &[u8] = b"\0asm\x0d\0\x01\0\0\x02\x01a";
const OTHER: &[u8] = b"\0asm\x0d\0\x01\0\0\x02\x01b";

fn load(folder: &Path, component: &[u8]) {
    let digest = if component == ONE { "one" } else { "other" };
    let engine = engine::start().unwrap();
    let cache = Cache::open(folder).unwrap();
    if cache.find(&engine, digest).is_none() {
        keep(&cache, &engine, digest, component);
    }
}

fn keep(cache: &Cache, engine: &Engine, digest: &str, component: &[u8]) {
    cache.keep(engine, digest, &engine.precompile_component(component).unwrap()).unwrap();
}

fn compiled(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|end| end == "cwasm")).collect();
    files.sort();
    files
}

#[test]
fn the_second_load_takes_what_the_first_compiled() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path(), ONE);
    let files = compiled(folder.path());
    assert_eq!(files.len(), 1);
    let written = fs::metadata(&files[0]).unwrap().modified().unwrap();
    load(folder.path(), ONE);
    assert_eq!(compiled(folder.path()), files);
    assert_eq!(fs::metadata(&files[0]).unwrap().modified().unwrap(), written);
}

#[test]
fn a_module_that_was_tampered_with_cut_or_exchanged_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path(), ONE);
    let file = compiled(folder.path()).remove(0);
    let good = fs::read(&file).unwrap();
    load(folder.path(), OTHER);
    let other = compiled(folder.path()).into_iter().find(|path| *path != file).unwrap();
    let mut flipped = good.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let cut = good[..good.len() / 2].to_vec();
    for bad in [flipped, cut, Vec::new(), fs::read(other).unwrap()] {
        fs::write(&file, &bad).unwrap();
        load(folder.path(), ONE);
        assert!(fs::read(&file).unwrap() == good);
    }
}

#[test]
fn under_another_key_nothing_verifies() {
    let folder = tempfile::tempdir().unwrap();
    load(folder.path(), ONE);
    fs::remove_file(folder.path().join("key")).unwrap();
    load(folder.path(), ONE);
    assert_eq!(compiled(folder.path()).len(), 2);
}

#[cfg(unix)]
#[test]
fn the_key_is_for_its_owner_only_and_one_that_others_could_read_is_replaced() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let opened = || {
        Cache::open(folder.path()).unwrap();
        fs::read(&key).unwrap()
    };
    let first = opened();
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(opened(), first);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    assert_ne!(opened(), first);
}

#[test]
fn a_folder_that_cannot_be_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Cache::open(&file.join("cache")).unwrap_err().to_string();
    assert!(error.starts_with("the folder of compiled plugins, "), "{error}");
}

#[test]
fn a_folder_that_cannot_be_written_costs_time_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let cache = Cache::open(folder.path()).unwrap();
    drop(folder);
    keep(&cache, &engine::start().unwrap(), "one", ONE);
}

#[test]
fn what_is_no_machine_code_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (cache, engine) = (Cache::open(folder.path()).unwrap(), engine::start().unwrap());
    let cut = engine.precompile_component(ONE).unwrap().split_off(100);
    for bad in [&b"garbage"[..], b"", &cut] {
        assert!(cache.keep(&engine, "one", bad).is_err());
    }
    assert!(compiled(folder.path()).is_empty());
}

use object_store::memory::InMemory;

use super::*;

async fn files(exports: Option<PathBuf>) -> Files {
    let objects = InMemory::new();
    let path = Path::from("ab/abcdef");
    objects.put(&path, "0123456789".into()).await.unwrap();
    let wells = Readable {
        name: "wells.csv".to_owned(),
        size: 10,
        sha256: "abcdef".to_owned(),
        modified: 5,
        path,
    };
    Files::new(Arc::new(objects), vec![wells], exports, 8)
}

#[tokio::test]
async fn ranges_end_with_the_file_and_have_a_limit_with_a_name() {
    let files = files(None).await;
    assert_eq!(files.read("wells.csv", 2, 3).await.unwrap(), b"234");
    assert_eq!(files.read("wells.csv", 8, 100).await.unwrap(), b"89");
    assert_eq!(files.read("wells.csv", u64::MAX, 1).await.unwrap(), b"");
    let failure = files.read("wells.csv", 0, READ_BYTES_MAX + 1).await.unwrap_err();
    assert_eq!(failure.to_string(), "limit: one read: at most 4 MiB, not 4194305 bytes");
}

#[tokio::test]
async fn only_names_that_were_given_exist() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("secret"), "s").unwrap();
    let files = files(Some(folder.path().join("exports"))).await;
    for name in ["../secret", "ab/abcdef", "/etc/passwd", "", ".", "..", "wells.csv\0"] {
        let failure = files.read(name, 0, 1).await.unwrap_err();
        assert!(failure.to_string().ends_with("there are: wells.csv"), "{failure}");
    }
    let failure = files.append("../secret", 0, b"x").await.unwrap_err();
    assert!(matches!(failure, Failure::Data(_)), "{failure}");
}

#[tokio::test]
async fn exports_grow_at_their_end_only_up_to_their_limit_and_are_seen() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(Some(folder.path().join("exports"))).await;
    assert_eq!(files.append("out.csv", 0, b"abc").await.unwrap(), 3);
    let failure = files.append("out.csv", 0, b"abc").await.unwrap_err();
    assert_eq!(failure.to_string(), "data: \"out.csv\" has 3 bytes, not 0");
    let names = |all: Vec<Listed>| all.into_iter().map(|file| file.name).collect::<Vec<_>>();
    assert_eq!(names(files.all().await.unwrap()), ["out.csv", "wells.csv"]);
    assert_eq!(files.append("out.csv", 3, b"def").await.unwrap(), 6);
    assert_eq!(files.read("out.csv", 2, 9).await.unwrap(), b"cdef");
    let failure = files.append("more.csv", 0, b"123").await.unwrap_err();
    assert_eq!(failure.to_string(), "limit: exports: at most 8 bytes together");
    let listed = files.all().await.unwrap().remove(0);
    let digest = "bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";
    assert_eq!((listed.size, listed.sha256.as_str()), (6, digest));
}

#[tokio::test]
async fn what_was_uploaded_is_not_written_and_without_a_grant_nothing_is() {
    let folder = tempfile::tempdir().unwrap();
    let granted = files(Some(folder.path().to_owned())).await;
    assert!(matches!(granted.append("wells.csv", 10, b"x").await, Err(Failure::Denied(_))));
    assert!(matches!(files(None).await.append("x", 0, b"x").await, Err(Failure::Denied(_))));
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_out_of_the_folder_leads_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
    let files = files(Some(folder.path().to_owned())).await;
    assert!(matches!(files.read("link", 0, 1).await, Err(Failure::Denied(_))));
    assert!(matches!(files.append("link", 0, b"x").await, Err(Failure::Denied(_))));
    assert_eq!(files.all().await.unwrap().len(), 1);
}

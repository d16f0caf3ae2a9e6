//! The operator's requests and their answers, as JSON.
//!
//! ```text
//! GET    /objects/namespaces
//! GET    /objects/namespaces/{key}/objects?limit&cursor&name
//! POST   /objects/namespaces/{key}/query?facet                  {durable_object_id | durable_object_name, queries}
//! GET    /objects/namespaces/{key}/objects/{id}?facet           DELETE: the object with all its data
//! GET    /objects/namespaces/{key}/objects/{id}/values?facet&prefix&start_after&limit
//! GET    /objects/namespaces/{key}/objects/{id}/value?facet&key       PUT (JSON), DELETE
//! GET    /objects/namespaces/{key}/objects/{id}/alarm           PUT (ms since the epoch), DELETE
//! POST   /objects/namespaces/{key}/objects/{id}/evict
//! GET    /objects/namespaces/{key}/objects/{id}/bookmarks?limit | at   (ms since the epoch)
//! POST   /objects/namespaces/{key}/objects/{id}/restore         a bookmark (JSON); the one that undoes it
//! GET    /objects/namespaces/{key}/objects/{id}/archive         PUT: replace it (object and facets, a tar file)
//! GET    /objects/namespaces/{key}/objects/{id}/database?bookmark      PUT: replace it (SQLite files)
//! ```
//!
//! `facet` is the name of a facet; repeated, it leads to a facet of that facet.
//!
//! Source: envelope and the first three are Cloudflare's (reference section 16); the rest is ours.

use std::borrow::Cow;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use stated_core::id::ObjectId;
use stated_object::operate::Part;
use stated_storage::{check_integrity, copy_database};
use tempfile::TempDir;
use url::form_urlencoded;

use crate::archive::ObjectFiles;
use crate::facets;
use crate::operation::{self, Keys, Query};
use crate::refusal::Refusal;
use crate::store::{Namespace, Page, Store};
use crate::transfer::check_values;

/// Objects of one page, unless asked for otherwise, and at most.
const OBJECTS_DEFAULT: usize = 1000;
const OBJECTS_MAX: usize = 10_000;
/// Commits whose bookmarks are listed, unless asked for otherwise, and at most.
const BOOKMARKS_DEFAULT: usize = 20;
const BOOKMARKS_MAX: usize = 10_000;

pub use http::Method;

/// What is asked.
#[derive(Debug)]
pub struct Request {
    /// GET, PUT, POST or DELETE.
    pub method: Method,
    /// Path and query, beginning with `/objects/`.
    pub target: String,
    /// The body.
    pub body: Upload,
}

impl Request {
    /// Writes the target of a request: the path's segments and the query's pairs, escaped.
    pub fn target(path: &[&str], query: &[(&str, &str)]) -> String {
        let mut target = String::new();
        for segment in path {
            let escaped: String = form_urlencoded::byte_serialize(segment.as_bytes()).collect();
            target.push('/');
            target.push_str(&escaped.replace('+', "%20"));
        }
        if !query.is_empty() {
            target.push('?');
            target.push_str(
                &form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(query)
                    .finish(),
            );
        }
        target
    }
}

/// The body of a request.
#[derive(Debug)]
pub enum Upload {
    /// JSON, or nothing.
    Bytes(Bytes),
    /// A database or an archive that lies in a file.
    File(PathBuf),
}

/// The answer.
#[derive(Debug)]
pub enum Reply {
    /// A status and the envelope.
    Json(u16, Value),
    /// A copy of a database, or an archive. The folder is deleted with this value.
    Database {
        /// Where it is.
        path: PathBuf,
        /// The folder that holds it.
        folder: TempDir,
    },
}

/// Answers an operator's requests.
pub struct Api {
    store: Store,
}

enum Answer {
    Result(Value),
    Page(Value, Value),
    Database(TempDir),
}

/// The name of what is sent in its folder.
const COPY: &str = "answer";

impl Api {
    /// Makes the API of a store.
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    /// Answers one request. Dropping the future does not undo what was begun.
    pub async fn answer(&self, request: Request) -> Reply {
        match self.route(request).await {
            Ok(Answer::Result(result)) => Reply::Json(200, envelope(&result, None)),
            Ok(Answer::Page(result, info)) => Reply::Json(200, envelope(&result, Some(&info))),
            Ok(Answer::Database(folder)) => Reply::Database {
                path: folder.path().join(COPY),
                folder,
            },
            Err(refusal) => {
                if refusal.status() >= 500 {
                    tracing::error!(error = %refusal, "an operator's request");
                }
                let errors = json!([{ "code": refusal.code(), "message": refusal.to_string() }]);
                let body =
                    json!({ "success": false, "errors": errors, "messages": [], "result": null });
                Reply::Json(refusal.status(), body)
            }
        }
    }

    async fn route(&self, request: Request) -> Result<Answer, Refusal> {
        let (path, query) = request
            .target
            .split_once('?')
            .unwrap_or((&request.target, ""));
        let parameters = Parameters(query);
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let unknown = || Refusal::UnknownRoute(format!("{} {path}", request.method));
        let ["objects", "namespaces", rest @ ..] = &segments[..] else {
            return Err(unknown());
        };
        let [key, rest @ ..] = rest else {
            return if request.method == Method::GET {
                Ok(self.namespaces())
            } else {
                Err(unknown())
            };
        };
        let namespace = self.store.namespace(&decoded(key))?;
        match (&request.method, rest) {
            (&Method::GET, ["objects"]) => self.objects(&namespace, &parameters).await,
            (&Method::POST, ["query"]) => self.query(namespace, &parameters, &request.body).await,
            (_, ["objects", id, rest @ ..]) => {
                let id = ObjectId::parse(&namespace.key, id).map_err(|_| {
                    Refusal::BadRequest(format!("`{id}` is not an object id of this namespace"))
                })?;
                let object = Object {
                    store: &self.store,
                    namespace,
                    id,
                    facet: parameters.all("facet"),
                };
                match object
                    .route(&request.method, rest, &parameters, request.body)
                    .await
                {
                    Some(answer) => answer,
                    None => Err(unknown()),
                }
            }
            _ => Err(unknown()),
        }
    }

    fn namespaces(&self) -> Answer {
        let all = self.store.namespaces();
        let show = |namespace: &Namespace| {
            let (script, class) = (&*namespace.service, &*namespace.class_name);
            json!({
                "id": namespace.key.as_str(), "name": format!("{script}_{class}"),
                "script": script, "class": class, "use_sqlite": namespace.is_sqlite,
            })
        };
        let count = all.len();
        let info = json!({ "count": count, "page": 1, "per_page": count, "total_count": count });
        Answer::Page(all.iter().map(show).collect(), info)
    }

    async fn objects(
        &self,
        namespace: &Namespace,
        parameters: &Parameters<'_>,
    ) -> Result<Answer, Refusal> {
        let limit = parameters.number("limit")?.unwrap_or(OBJECTS_DEFAULT);
        if !(1..=OBJECTS_MAX).contains(&limit) {
            return Err(Refusal::BadRequest(format!(
                "limit is {limit}; it must be from 1 to {OBJECTS_MAX}"
            )));
        }
        let page = Page {
            after: parameters.text("cursor"),
            limit,
            name: parameters.text("name"),
        };
        let found = self.store.list(namespace, &page).await?;
        let next = if found.len() == limit {
            found.last().map(|last| last["id"].clone())
        } else {
            None
        };
        let info = json!({ "count": found.len(), "cursor": next });
        Ok(Answer::Page(found.into(), info))
    }

    async fn query(
        &self,
        namespace: Namespace,
        parameters: &Parameters<'_>,
        body: &Upload,
    ) -> Result<Answer, Refusal> {
        #[derive(Deserialize)]
        struct Asked {
            durable_object_id: Option<String>,
            durable_object_name: Option<String>,
            queries: Vec<Query>,
        }
        let asked: Asked = parse(body)?;
        let id = match (&asked.durable_object_id, &asked.durable_object_name) {
            (Some(id), None) => ObjectId::parse(&namespace.key, id).map_err(|_| {
                Refusal::BadRequest(format!("`{id}` is not an object id of this namespace"))
            })?,
            (None, Some(name)) => ObjectId::from_name(&namespace.key, name),
            _ => {
                return Err(Refusal::BadRequest(
                    "give either durable_object_id or durable_object_name".into(),
                ));
            }
        };
        let object = Object {
            store: &self.store,
            namespace,
            id,
            facet: parameters.all("facet"),
        };
        object.must_exist()?;
        let work = move |database: &mut _| operation::query(database, &asked.queries);
        object.operate(work).await.map(Answer::Result)
    }
}

/// The requests that concern one object.
struct Object<'s> {
    store: &'s Store,
    namespace: Namespace,
    id: ObjectId,
    /// The names that lead to the facet that is meant; none for the object itself.
    facet: Vec<String>,
}

impl Object<'_> {
    /// `None` if there is no such route.
    async fn route(
        &self,
        method: &Method,
        rest: &[&str],
        parameters: &Parameters<'_>,
        body: Upload,
    ) -> Option<Result<Answer, Refusal>> {
        if !self.facet.is_empty()
            && !matches!(
                (method, rest),
                (&Method::GET, []) | (_, ["values" | "value"])
            )
        {
            let refusal = "this is done to whole objects; a facet cannot be named";
            return Some(Err(Refusal::BadRequest(refusal.into())));
        }
        Some(match (method, rest) {
            (&Method::GET, []) if self.facet.is_empty() => self.show().await,
            (&Method::GET, []) => self.show_facet().await,
            (&Method::DELETE, []) => self.delete().await,
            (&Method::GET, ["values"]) => self.values(parameters).await,
            (&Method::GET, ["value"]) => self.get(parameters).await,
            (&Method::PUT, ["value"]) => self.put(parameters, &body).await,
            (&Method::DELETE, ["value"]) => self.delete_key(parameters).await,
            (&Method::GET, ["alarm"]) => self.alarm().await,
            (&Method::PUT, ["alarm"]) => match parse(&body) {
                Ok(at_ms) => self.set_alarm(Some(at_ms)).await,
                Err(refusal) => Err(refusal),
            },
            (&Method::DELETE, ["alarm"]) => self.set_alarm(None).await,
            (&Method::POST, ["evict"]) => self
                .store
                .evict(&self.namespace, self.id)
                .await
                .map(|()| done()),
            (&Method::GET, ["bookmarks"]) => self.bookmarks(parameters).await,
            (&Method::POST, ["restore"]) => match parse(&body) {
                Ok(bookmark) => self.restore(bookmark).await,
                Err(refusal) => Err(refusal),
            },
            (&Method::GET, ["archive"]) => self.archive().await,
            (&Method::PUT, ["archive"]) => self.import_archive(body).await,
            (&Method::GET, ["database"]) => self.copy(parameters).await,
            (&Method::PUT, ["database"]) => self.import(body).await,
            _ => return None,
        })
    }

    async fn operate<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut stated_storage::Database) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let part = self.part()?;
        self.store
            .operate(&self.namespace, self.id, part, work)
            .await
    }

    fn part(&self) -> Result<Part, Refusal> {
        if self.facet.is_empty() {
            return Ok(Part::Object);
        }
        let id = self.id.to_string();
        facets::number(&self.namespace.folder, &id, &self.facet).map(Part::Facet)
    }

    /// Only `put`, `set_alarm` and `import` make an object that was not there.
    fn must_exist(&self) -> Result<(), Refusal> {
        let id = self.id.to_string();
        let folder = &self.namespace.folder;
        if folder.stored(&id)?.is_some() || facets::has_any(folder, &id) {
            Ok(())
        } else {
            Err(Refusal::UnknownObject(id))
        }
    }

    async fn show(&self) -> Result<Answer, Refusal> {
        let mut facts = self.store.facts(&self.namespace, self.id).await?;
        if self.must_exist().is_ok() && self.namespace.is_sqlite != Some(false) {
            let contents = self.operate(operation::contents).await?;
            facts["databaseSize"] = contents["databaseSize"].clone();
            facts["tables"] = contents["tables"].clone();
        }
        let facets = facets::of_object(&self.namespace.folder, &self.id.to_string())?;
        facts["facets"] = Value::from(facets);
        Ok(Answer::Result(facts))
    }

    async fn show_facet(&self) -> Result<Answer, Refusal> {
        let (folder, id) = (&self.namespace.folder, self.id.to_string());
        let number = facets::number(folder, &id, &self.facet)?;
        let all = facets::of_object(folder, &id)?;
        let found = all.into_iter().find(|facet| facet["number"] == number);
        let mut facts = found.unwrap_or_default();
        let contents = self.operate(operation::contents).await?;
        facts["databaseSize"] = contents["databaseSize"].clone();
        facts["tables"] = contents["tables"].clone();
        Ok(Answer::Result(facts))
    }

    async fn delete(&self) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let (namespace, id) = (self.namespace.clone(), self.id.to_string());
        let work = move || {
            namespace.folder.delete_object(&id)?;
            Ok(namespace.alarms.forget_object(&id)?)
        };
        self.store.replace(&self.namespace, self.id, work).await?;
        Ok(done())
    }

    async fn values(&self, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let keys = Keys {
            prefix: parameters.text("prefix"),
            start_after: parameters.text("start_after"),
            limit: parameters.number("limit")?.map(|limit| limit as u64),
        };
        self.operate(move |database| operation::list(database, &keys))
            .await
            .map(Answer::Result)
    }

    async fn get(&self, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let (key, id) = (parameters.required("key")?, self.id.to_string());
        self.operate(move |database| operation::get(database, &id, &key))
            .await
            .map(Answer::Result)
    }

    async fn put(&self, parameters: &Parameters<'_>, body: &Upload) -> Result<Answer, Refusal> {
        let key = parameters.required("key")?;
        let value: Value = parse(body)?;
        self.operate(move |database| operation::put(database, &key, &value))
            .await?;
        Ok(done())
    }

    async fn delete_key(&self, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let (key, id) = (parameters.required("key")?, self.id.to_string());
        self.operate(move |database| operation::delete(database, &id, &key))
            .await?;
        Ok(done())
    }

    async fn alarm(&self) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let at_ms = self.operate(|database| Ok(database.alarm()?)).await?;
        Ok(Answer::Result(json!(at_ms)))
    }

    async fn set_alarm(&self, at_ms: Option<i64>) -> Result<Answer, Refusal> {
        self.must_exist()?;
        self.operate(move |database| Ok(database.set_alarm(at_ms)?))
            .await?;
        Ok(done())
    }

    async fn bookmarks(&self, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
        self.must_exist()?;
        if let Some(at_ms) = parameters.number("at")? {
            let at_ms = i64::try_from(at_ms).unwrap_or(i64::MAX);
            let work = move |database: &mut _| operation::bookmark_at(database, at_ms);
            return self.operate(work).await.map(Answer::Result);
        }
        let limit = parameters.number("limit")?.unwrap_or(BOOKMARKS_DEFAULT);
        self.operate(move |database| operation::bookmarks(database, limit.min(BOOKMARKS_MAX)))
            .await
            .map(Answer::Result)
    }

    /// Wishes the restore as the object's program would, and ends the instance; the next one, or the
    /// next operation, finds the earlier state. A damaged object cannot take wishes: it is put together
    /// from its history, which cannot be undone.
    async fn restore(&self, bookmark: String) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let wish = bookmark.clone();
        let wished = self
            .operate(move |database| operation::restore(database, &wish))
            .await;
        let (undo, is_damaged) = match wished {
            Ok(undo) => (undo, false),
            Err(refusal) if refusal.is_damage() => (Value::Null, true),
            Err(refusal) => return Err(refusal),
        };
        let (folder, id) = (self.namespace.folder.clone(), self.id.to_string());
        let work = move || match is_damaged {
            true => folder
                .rebuild_object(&id, &bookmark)
                .map_err(operation::refused),
            false => Ok(()),
        };
        self.store.replace(&self.namespace, self.id, work).await?;
        Ok(Answer::Result(undo))
    }

    async fn copy(&self, parameters: &Parameters<'_>) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let bookmark = parameters.text("bookmark");
        let folder = TempDir::with_prefix("stated-export-")
            .map_err(|error| Refusal::File("make a folder", error))?;
        let path = folder.path().join(COPY);
        self.operate(move |database| match bookmark {
            Some(bookmark) => operation::copy_at(database, &bookmark, &path),
            None => Ok(database.copy_to(&path)?),
        })
        .await?;
        Ok(Answer::Database(folder))
    }

    /// The object with its facets, all as they are at one moment.
    async fn archive(&self) -> Result<Answer, Refusal> {
        self.must_exist()?;
        let folder = TempDir::with_prefix("stated-export-").map_err(no_folder)?;
        let files = folder.path().join("files");
        std::fs::create_dir(&files).map_err(no_folder)?;
        self.store.export(&self.namespace, self.id, &files).await?;
        let archive = File::create(folder.path().join(COPY)).map_err(no_upload)?;
        ObjectFiles::alone_in(&files).write_archive(BufWriter::new(archive))?;
        Ok(Answer::Database(folder))
    }

    /// Replaces the object and its facets by sound copies, made beside them first.
    async fn import_archive(&self, body: Upload) -> Result<Answer, Refusal> {
        let own = self.namespace.folder.path();
        let folder = TempDir::with_prefix_in(".import-", own).map_err(no_folder)?;
        let files = ObjectFiles::alone_in(folder.path());
        match body {
            Upload::File(path) => files.unpack(File::open(path).map_err(no_upload)?)?,
            Upload::Bytes(bytes) => files.unpack(bytes.as_ref())?,
        }
        let copy = folder.path().join("copy.sqlite");
        sound_copy(files.own(), &copy)?;
        for (_, facet) in files.facets()? {
            must_be_sound(&facet)?;
        }
        let (own, id) = (self.namespace.folder.clone(), self.id.to_string());
        self.store
            .replace_with_facets(&self.namespace, self.id, folder.path(), move || {
                Ok(own.replace_object(&id, &copy)?)
            })
            .await?;
        Ok(done())
    }

    /// Replaces the object's database by a sound copy of the file, made beside it first.
    async fn import(&self, body: Upload) -> Result<Answer, Refusal> {
        let own = self.namespace.folder.path();
        let folder = TempDir::with_prefix_in(".import-", own)
            .map_err(|error| Refusal::File("make a folder", error))?;
        let source = match body {
            Upload::File(path) => path,
            Upload::Bytes(bytes) => {
                let path = folder.path().join("upload.sqlite");
                std::fs::write(&path, &bytes)
                    .map_err(|error| Refusal::File("write the upload", error))?;
                path
            }
        };
        let copy = folder.path().join(COPY);
        sound_copy(&source, &copy)?;
        let (own, id) = (self.namespace.folder.clone(), self.id.to_string());
        self.store
            .replace(&self.namespace, self.id, move || {
                Ok(own.replace_object(&id, &copy)?)
            })
            .await?;
        Ok(done())
    }
}

/// Copies a database that other programs may have written, if it is sound and can be read here.
fn sound_copy(source: &Path, copy: &Path) -> Result<(), Refusal> {
    copy_database(source, copy)?;
    must_be_sound(copy)
}

fn must_be_sound(database: &Path) -> Result<(), Refusal> {
    match check_integrity(database)? {
        Some(fault) => Err(Refusal::Conflict(format!(
            "the database is damaged: {fault}"
        ))),
        None => check_values(database),
    }
}

fn no_folder(error: std::io::Error) -> Refusal {
    Refusal::File("make a folder", error)
}

fn no_upload(error: std::io::Error) -> Refusal {
    Refusal::File("write the upload", error)
}

fn done() -> Answer {
    Answer::Result(Value::Null)
}

fn envelope(result: &Value, info: Option<&Value>) -> Value {
    let mut envelope = json!({ "success": true, "errors": [], "messages": [], "result": result });
    if let Some(info) = info {
        envelope["result_info"] = info.clone();
    }
    envelope
}

fn parse<T: for<'de> Deserialize<'de>>(body: &Upload) -> Result<T, Refusal> {
    let bytes = match body {
        Upload::Bytes(bytes) => bytes,
        Upload::File(_) => return Err(Refusal::BadRequest("the body must be JSON".into())),
    };
    serde_json::from_slice(bytes)
        .map_err(|error| Refusal::BadRequest(format!("the body is not what is expected: {error}")))
}

/// A path segment without its escapes.
fn decoded(segment: &str) -> Cow<'_, str> {
    // A plus sign is itself in a path.
    let pair = format!("k={}", segment.replace('+', "%2B"));
    let decoded = form_urlencoded::parse(pair.as_bytes())
        .next()
        .map(|(_, value)| value.into_owned());
    decoded.map_or(Cow::Borrowed(segment), Cow::Owned)
}

/// The query of a request.
struct Parameters<'q>(&'q str);

impl Parameters<'_> {
    fn text(&self, name: &str) -> Option<String> {
        form_urlencoded::parse(self.0.as_bytes())
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
    }

    fn all(&self, name: &str) -> Vec<String> {
        form_urlencoded::parse(self.0.as_bytes())
            .filter(|(own, _)| own == name)
            .map(|(_, value)| value.into_owned())
            .collect()
    }

    fn required(&self, name: &str) -> Result<String, Refusal> {
        self.text(name)
            .ok_or_else(|| Refusal::BadRequest(format!("the parameter `{name}` is missing")))
    }

    fn number(&self, name: &str) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.text(name) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(Refusal::BadRequest(format!(
                "`{name}` is `{text}`; it must be a number"
            ))),
        }
    }
}

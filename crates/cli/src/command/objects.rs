//! `stated objects`: what an operator does with objects, on a running server or on its folder.

mod connection;
mod show;

use std::fs::File;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use stated_admin::{Method, ObjectFiles, Request, Stopped, Upload};
use stated_core::id::{ObjectId, UniqueKey};
use stated_object::clock::wall_ms;
use tempfile::TempDir;

use crate::arguments::{AlarmChange, Objects, ObjectsAction, Place, Target};
use crate::failure::Failure;
use crate::moment;
use crate::printer;
use connection::Connection;

/// Objects of one request of a list.
const PAGE: usize = 1000;
/// The archive of an object in a folder of its own.
const ARCHIVE: &str = "object.tar";

/// Does what the arguments say.
pub(crate) async fn run(arguments: &Objects) -> Result<(), Failure> {
    let data = data(arguments);
    match &arguments.action {
        ObjectsAction::ImportFolder { folder } => return import_folder(&data, folder),
        ObjectsAction::ExportFolder { folder } => return export_folder(&data, folder),
        _ => {}
    }
    if !data.join("do").is_dir() {
        return Err(
            Failure::new(format!("there is no data in `{}`", data.display())).with_hint(
                "name the project's folder with --project, or the data folder with --persist-to",
            ),
        );
    }
    let session = Session {
        connection: Connection::open(&data)?,
        json: arguments.json,
    };
    session.run(&arguments.action).await
}

fn data(arguments: &Objects) -> PathBuf {
    let project = arguments.project.clone().unwrap_or_default();
    arguments
        .persist_to
        .clone()
        .unwrap_or_else(|| project.join(".stated/state"))
}

fn import_folder(data: &Path, source: &Path) -> Result<(), Failure> {
    for namespace in stopped(data)?.import_folder(source)? {
        printer::line(&format!(
            "{}: {} objects, {} alarms taken over",
            namespace.key, namespace.objects, namespace.alarms
        ));
    }
    Ok(())
}

fn export_folder(data: &Path, target: &Path) -> Result<(), Failure> {
    for namespace in stopped(data)?.export_folder(target)? {
        printer::line(&format!(
            "{}: {} objects, {} alarms written",
            namespace.key, namespace.objects, namespace.alarms
        ));
    }
    Ok(())
}

fn stopped(data: &Path) -> Result<Stopped, Failure> {
    Stopped::open(data).map_err(|refusal| {
        let in_use = refusal.folder_is_in_use();
        let failure = Failure::from(refusal);
        if in_use {
            failure.with_hint("whole folders can be moved only while the server is stopped")
        } else {
            failure
        }
    })
}

/// One command on one store.
struct Session {
    connection: Connection,
    json: bool,
}

/// The object that a command is about, or its facet.
struct Object {
    key: String,
    id: String,
    /// The names that lead to the facet.
    facet: Vec<String>,
}

impl Object {
    fn target(&self, rest: &[&str], query: &[(&str, &str)]) -> String {
        let mut path = vec!["objects", "namespaces", &self.key, "objects", &self.id];
        path.extend(rest);
        let facet = self.facet.iter().map(|name| ("facet", name.as_str()));
        let query: Vec<(&str, &str)> = facet.chain(query.iter().copied()).collect();
        Request::target(&path, &query)
    }
}

impl Session {
    async fn run(&self, action: &ObjectsAction) -> Result<(), Failure> {
        match action {
            ObjectsAction::List { class, name, limit } => {
                self.list(class.as_deref(), name.as_deref(), *limit).await
            }
            ObjectsAction::Show(place) => self.show(place).await,
            ObjectsAction::Sql {
                place,
                query,
                params,
            } => self.sql(place, query, params).await,
            ObjectsAction::Get { place, key: None } => self.keys(place).await,
            ObjectsAction::Get {
                place,
                key: Some(key),
            } => self.get(place, key).await,
            ObjectsAction::Put { place, key, value } => self.put(place, key, value).await,
            ObjectsAction::DeleteKey { place, key } => {
                let object = self.place(place).await?;
                self.request_of(
                    Method::DELETE,
                    &object,
                    &["value"],
                    &[("key", key)],
                    Value::Null,
                )
                .await
                .map(drop)
            }
            ObjectsAction::Alarm { target, change } => self.alarm(target, change).await,
            ObjectsAction::Evict(target) => self
                .request(Method::POST, target, &["evict"], &[], Value::Null)
                .await
                .map(drop),
            ObjectsAction::Delete { target, yes } => self.delete(target, *yes).await,
            ObjectsAction::Bookmarks { target, at, limit } => {
                self.bookmarks(target, at.as_deref(), *limit).await
            }
            ObjectsAction::Restore { target, bookmark } => self.restore(target, bookmark).await,
            ObjectsAction::Export { target, file, at } => {
                self.export(target, file, at.as_deref()).await
            }
            ObjectsAction::Import { target, file } => self.import(target, file).await,
            ObjectsAction::ImportFolder { .. } | ObjectsAction::ExportFolder { .. } => Ok(()),
        }
    }

    async fn list(
        &self,
        class: Option<&str>,
        name: Option<&str>,
        limit: Option<usize>,
    ) -> Result<(), Failure> {
        let keys = match class {
            Some(class) => vec![self.namespace(class).await?],
            None => self
                .namespaces()
                .await?
                .iter()
                .map(|namespace| text(&namespace["id"]))
                .collect(),
        };
        let mut left = limit.unwrap_or(usize::MAX);
        let mut found = Vec::new();
        for key in keys {
            let mut cursor = Some(String::new());
            while let (Some(after), 1..) = (cursor.take(), left) {
                let page = left.min(PAGE);
                let page_text = page.to_string();
                let mut query = vec![("limit", page_text.as_str()), ("cursor", after.as_str())];
                query.extend(name.map(|name| ("name", name)));
                let target = Request::target(&["objects", "namespaces", &key, "objects"], &query);
                let envelope = self
                    .connection
                    .ask(Method::GET, target, Upload::Bytes(bytes::Bytes::new()))
                    .await?;
                let objects = envelope["result"].as_array().cloned().unwrap_or_default();
                left -= objects.len();
                found.extend(objects);
                cursor = envelope["result_info"]["cursor"]
                    .as_str()
                    .map(str::to_owned);
            }
        }
        if self.json {
            self.print(&Value::Array(found))
        } else {
            show::list(&found)
        }
        Ok(())
    }

    async fn show(&self, place: &Place) -> Result<(), Failure> {
        let object = self.place(place).await?;
        let facts = self
            .request_of(Method::GET, &object, &[], &[], Value::Null)
            .await?;
        if self.json {
            self.print(&facts)
        } else if !object.facet.is_empty() {
            show::facet(&facts)
        } else {
            show::object(&facts)
        }
        Ok(())
    }

    async fn sql(&self, place: &Place, query: &str, params: &[String]) -> Result<(), Failure> {
        let object = self.place(place).await?;
        // A parameter is JSON where it can be, and text otherwise.
        let params: Vec<Value> = params
            .iter()
            .map(|text| serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str())))
            .collect();
        let body = json!({ "durable_object_id": object.id, "queries": [{ "sql": query, "params": params }] });
        let facet: Vec<(&str, &str)> = object
            .facet
            .iter()
            .map(|name| ("facet", name.as_str()))
            .collect();
        let target = Request::target(&["objects", "namespaces", &object.key, "query"], &facet);
        let body = Upload::Bytes(body.to_string().into());
        let envelope = self.connection.ask(Method::POST, target, body).await?;
        let result = &envelope["result"][0];
        if self.json {
            self.print(result)
        } else {
            show::rows(result)
        }
        Ok(())
    }

    async fn keys(&self, place: &Place) -> Result<(), Failure> {
        let object = self.place(place).await?;
        let mut all = Vec::new();
        let mut after = None;
        loop {
            let query: Vec<(&str, &str)> = after
                .iter()
                .map(|key: &String| ("start_after", key.as_str()))
                .collect();
            let asked = self.connection.ask(
                Method::GET,
                object.target(&["values"], &query),
                Upload::Bytes(bytes::Bytes::new()),
            );
            let envelope = asked.await?;
            let page = envelope["result"].as_array().cloned().unwrap_or_default();
            let Some(last) = page.last() else { break };
            after = Some(text(&last["key"]));
            all.extend(page);
        }
        if self.json {
            self.print(&Value::Array(all))
        } else {
            show::keys(&all)
        }
        Ok(())
    }

    async fn get(&self, place: &Place, key: &str) -> Result<(), Failure> {
        let object = self.place(place).await?;
        let value = self
            .request_of(
                Method::GET,
                &object,
                &["value"],
                &[("key", key)],
                Value::Null,
            )
            .await?;
        self.print(&value);
        Ok(())
    }

    async fn put(&self, place: &Place, key: &str, value: &str) -> Result<(), Failure> {
        let value: Value = serde_json::from_str(value).map_err(|error| {
            Failure::new(format!("the value is not JSON: {error}"))
                .with_hint("a string is written with its quotation marks: '\"text\"'")
        })?;
        let object = self.place(place).await?;
        self.request_of(Method::PUT, &object, &["value"], &[("key", key)], value)
            .await
            .map(drop)
    }

    async fn alarm(&self, target: &Target, change: &AlarmChange) -> Result<(), Failure> {
        if change.delete {
            return self
                .request(Method::DELETE, target, &["alarm"], &[], Value::Null)
                .await
                .map(drop);
        }
        if let Some(time) = &change.set {
            let at_ms = moment::parse(time, wall_ms()).ok_or_else(|| {
                Failure::new(format!(
                    "`{time}` is neither milliseconds since 1970 nor a delay like +90s"
                ))
            })?;
            return self
                .request(Method::PUT, target, &["alarm"], &[], at_ms.into())
                .await
                .map(drop);
        }
        let at_ms = self
            .request(Method::GET, target, &["alarm"], &[], Value::Null)
            .await?;
        match (self.json, at_ms.as_i64()) {
            (true, _) => self.print(&at_ms),
            (false, Some(at_ms)) => printer::line(&moment::format(at_ms)),
            (false, None) => printer::line("no alarm"),
        }
        Ok(())
    }

    async fn delete(&self, target: &Target, yes: bool) -> Result<(), Failure> {
        if !yes {
            return Err(Failure::new("this deletes the object with all its data")
                .with_hint("say so with --yes"));
        }
        self.request(Method::DELETE, target, &[], &[], Value::Null)
            .await
            .map(drop)
    }

    async fn bookmarks(
        &self,
        target: &Target,
        at: Option<&str>,
        limit: usize,
    ) -> Result<(), Failure> {
        let query = match at {
            Some(time) => {
                let at_ms = moment::parse_past(time, wall_ms()).ok_or_else(|| {
                    Failure::new(format!(
                        "`{time}` is neither milliseconds since 1970 nor a time ago like -90s"
                    ))
                })?;
                ("at", at_ms.to_string())
            }
            None => ("limit", limit.to_string()),
        };
        let query = [(query.0, query.1.as_str())];
        let found = self
            .request(Method::GET, target, &["bookmarks"], &query, Value::Null)
            .await?;
        match (self.json, found.as_str()) {
            (true, _) => self.print(&found),
            (false, Some(bookmark)) => printer::line(bookmark),
            (false, None) => show::bookmarks(&found),
        }
        Ok(())
    }

    async fn restore(&self, target: &Target, bookmark: &str) -> Result<(), Failure> {
        let undo = self
            .request(Method::POST, target, &["restore"], &[], bookmark.into())
            .await?;
        match self.json {
            true => self.print(&undo),
            false => printer::line(&text(&undo)),
        }
        Ok(())
    }

    /// Writes the object and its facets, or the object alone as it was at a bookmark.
    async fn export(&self, target: &Target, file: &Path, at: Option<&str>) -> Result<(), Failure> {
        let object = self.object(target).await?;
        if let Some(at) = at {
            let database = object.target(&["database"], &[("bookmark", at)]);
            return self.connection.download(database, file).await;
        }
        let scratch = scratch_folder()?;
        let archive = scratch.path().join(ARCHIVE);
        self.connection
            .download(object.target(&["archive"], &[]), &archive)
            .await?;
        let archive = File::open(&archive).map_err(|error| Failure::new(error.to_string()))?;
        ObjectFiles::beside(file)
            .unpack(archive)
            .map_err(|(path, error)| Failure::new(format!("write `{}`: {error}", path.display())))
    }

    async fn import(&self, target: &Target, file: &Path) -> Result<(), Failure> {
        let object = self.object(target).await?;
        if let Err(error) = File::open(file) {
            return Err(Failure::new(format!("read `{}`: {error}", file.display())));
        }
        let scratch = scratch_folder()?;
        let archive = scratch.path().join(ARCHIVE);
        let out = File::create_new(&archive).map_err(|error| Failure::new(error.to_string()))?;
        ObjectFiles::beside(file).pack(out)?;
        let archive = Upload::File(archive);
        self.connection
            .ask(Method::PUT, object.target(&["archive"], &[]), archive)
            .await
            .map(drop)
    }

    async fn request(
        &self,
        method: Method,
        target: &Target,
        rest: &[&str],
        query: &[(&str, &str)],
        body: Value,
    ) -> Result<Value, Failure> {
        let object = self.object(target).await?;
        self.request_of(method, &object, rest, query, body).await
    }

    async fn request_of(
        &self,
        method: Method,
        object: &Object,
        rest: &[&str],
        query: &[(&str, &str)],
        body: Value,
    ) -> Result<Value, Failure> {
        let body = Upload::Bytes(body.to_string().into());
        let mut envelope = self
            .connection
            .ask(method, object.target(rest, query), body)
            .await?;
        Ok(envelope["result"].take())
    }

    async fn namespaces(&self) -> Result<Vec<Value>, Failure> {
        let target = Request::target(&["objects", "namespaces"], &[]);
        let envelope = self
            .connection
            .ask(Method::GET, target, Upload::Bytes(bytes::Bytes::new()))
            .await?;
        Ok(envelope["result"].as_array().cloned().unwrap_or_default())
    }

    /// The key of the namespace that the user means by a class or a key.
    async fn namespace(&self, class: &str) -> Result<String, Failure> {
        let all = self.namespaces().await?;
        let named: Vec<String> = all
            .iter()
            .filter(|namespace| namespace["class"] == class || namespace["id"] == class)
            .map(|namespace| text(&namespace["id"]))
            .collect();
        match named.as_slice() {
            [key] => Ok(key.clone()),
            [] => {
                let known: Vec<String> = all
                    .iter()
                    .map(|namespace| text(&namespace["class"]))
                    .collect();
                Err(Failure::new(format!("there is no class `{class}`"))
                    .with_hint(format!("the classes are: {}", known.join(", "))))
            }
            several => Err(Failure::new(format!(
                "{} services have a class `{class}`",
                several.len()
            ))
            .with_hint(format!("name one of: {}", several.join(", ")))),
        }
    }

    async fn object(&self, target: &Target) -> Result<Object, Failure> {
        let key = self.namespace(&target.class).await?;
        let id = match ObjectId::from_hex(&target.object) {
            Some(id) => id,
            None => ObjectId::from_name(&UniqueKey::new(&key), &target.object),
        };
        Ok(Object {
            key,
            id: id.to_string(),
            facet: Vec::new(),
        })
    }

    async fn place(&self, place: &Place) -> Result<Object, Failure> {
        Ok(Object {
            facet: place.facet.clone(),
            ..self.object(&place.target).await?
        })
    }

    fn print(&self, value: &Value) {
        printer::line(&format!("{value:#}"));
    }
}

fn scratch_folder() -> Result<TempDir, Failure> {
    TempDir::with_prefix("stated-objects-")
        .map_err(|error| Failure::new(format!("make a folder: {error}")))
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

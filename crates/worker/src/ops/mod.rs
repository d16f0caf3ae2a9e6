//! The operations of host.d.ts, one file per section of it.

use stated_engine::{Args, Native, NativeResult, Scope};

use crate::op;

pub(crate) mod values;
pub(crate) mod text;
pub(crate) mod url;
pub(crate) mod crypto;
pub(crate) mod subtle;
pub(crate) mod time;
pub(crate) mod context;
pub(crate) mod module;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod cache;
pub(crate) mod compress;
pub(crate) mod fetch;
pub(crate) mod stub;
pub(crate) mod capability;
pub(crate) mod storage;
pub(crate) mod sql;
pub(crate) mod socket;

macro_rules! operations {
    ($($name:literal => $operation:path,)*) => {
        /// Every operation by its name in host.d.ts.
        pub(crate) const OPERATIONS: &[(&str, Native)] = &[$(($name, {
            fn native<'s>(scope: &mut Scope<'s>, args: Args<'s>) -> NativeResult<'s> {
                op::run(scope, args, $operation)
            }
            native
        })),*];
    };
}

operations! {
    "classOf" => values::class_of,
    "promiseState" => values::promise_state,
    "proxyParts" => values::proxy_parts,
    "utf8Encode" => text::utf8_encode,
    "utf8EncodeInto" => text::utf8_encode_into,
    "encodingName" => text::encoding_name,
    "textDecode" => text::text_decode,
    "decoderOpen" => text::decoder_open,
    "decoderPush" => text::decoder_push,
    "base64Decode" => text::base64_decode,
    "base64Encode" => text::base64_encode,
    "urlParse" => url::parse,
    "urlSet" => url::set,
    "randomFill" => crypto::random_fill,
    "randomUuid" => crypto::random_uuid,
    "digest" => crypto::digest,
    "digestOpen" => subtle::digest_open,
    "digestPush" => subtle::digest_push,
    "digestFinish" => subtle::digest_finish,
    "hmacSign" => subtle::hmac_sign,
    "hmacVerify" => subtle::hmac_verify,
    "aesEncrypt" => subtle::aes_encrypt,
    "aesDecrypt" => subtle::aes_decrypt,
    "ecGenerate" => subtle::ec_generate,
    "ecImport" => subtle::ec_import,
    "ecExport" => subtle::ec_export,
    "ecdsaSign" => subtle::ecdsa_sign,
    "ecdsaVerify" => subtle::ecdsa_verify,
    "ecdhAgree" => subtle::ecdh_agree,
    "okpGenerate" => subtle::okp_generate,
    "okpPublic" => subtle::okp_public,
    "okpImport" => subtle::okp_import,
    "okpExport" => subtle::okp_export,
    "ed25519Sign" => subtle::ed25519_sign,
    "ed25519Verify" => subtle::ed25519_verify,
    "x25519Agree" => subtle::x25519_agree,
    "rsaGenerate" => subtle::rsa_generate,
    "rsaImport" => subtle::rsa_import,
    "rsaFromNumbers" => subtle::rsa_from_numbers,
    "rsaNumbers" => subtle::rsa_numbers,
    "rsaPublic" => subtle::rsa_public,
    "rsaSign" => subtle::rsa_sign,
    "rsaVerify" => subtle::rsa_verify,
    "rsaEncrypt" => subtle::rsa_encrypt,
    "rsaDecrypt" => subtle::rsa_decrypt,
    "hkdf" => subtle::hkdf,
    "pbkdf2" => subtle::pbkdf2,
    "now" => time::now,
    "monotonicNow" => time::monotonic_now,
    "timerStart" => time::timer_start,
    "timerStop" => time::timer_stop,
    "builtInModule" => module::built_in,
    "log" => context::log,
    "reportUncaught" => context::report_uncaught,
    "contextId" => context::context_id,
    "checkContext" => context::check_context,
    "asyncFrame" => context::async_frame,
    "withAsyncFrame" => context::with_async_frame,
    "taskBegin" => context::task_begin,
    "taskEnd" => context::task_end,
    "abortObject" => context::abort_object,
    "abortEvent" => context::abort_event,
    "sectionRequest" => context::section_request,
    "sectionEnd" => context::section_end,
    "respond" => answer::respond,
    "respondValue" => answer::respond_value,
    "respondDone" => answer::respond_done,
    "respondError" => answer::respond_error,
    "bodyRead" => body::read,
    "bodyReadAll" => body::read_all,
    "bodyCancel" => body::cancel,
    "bodyNew" => body::new,
    "bodyWrite" => body::write,
    "bodyClose" => body::close,
    "bodyAbort" => body::abort,
    "bodyTee" => body::tee,
    "codecOpen" => compress::open,
    "codecPush" => compress::push,
    "codecPull" => compress::pull,
    "codecFinish" => compress::finish,
    "codecClose" => compress::close,
    "cacheGet" => cache::get,
    "cachePut" => cache::put,
    "cacheDelete" => cache::delete,
    "fetchToken" => fetch::token,
    "fetchStart" => fetch::start,
    "fetchAbort" => fetch::abort,
    "idFromName" => stub::id_from_name,
    "idRandom" => stub::id_random,
    "idParse" => stub::id_parse,
    "stubFetch" => stub::fetch,
    "stubCall" => stub::call,
    "serviceFetch" => stub::service_fetch,
    "serviceCall" => stub::service_call,
    "capabilityOfTarget" => capability::of_target,
    "capabilityOfObject" => capability::of_object,
    "capabilityOfService" => capability::of_service,
    "capabilityOfBody" => capability::of_body,
    "capabilityDup" => capability::dup,
    "capabilityDrop" => capability::drop_reference,
    "capabilityCall" => capability::call,
    "capabilityFetch" => capability::fetch,
    "kvGet" => storage::kv_get,
    "kvGetMany" => storage::kv_get_many,
    "kvPut" => storage::kv_put,
    "kvPutMany" => storage::kv_put_many,
    "kvDelete" => storage::kv_delete,
    "kvDeleteMany" => storage::kv_delete_many,
    "kvList" => storage::kv_list,
    "kvIterate" => storage::kv_iterate,
    "kvNext" => storage::kv_next,
    "deleteAll" => storage::delete_all,
    "sync" => context::sync,
    "savepointBegin" => storage::savepoint_begin,
    "savepointEnd" => storage::savepoint_end,
    "alarmGet" => storage::alarm_get,
    "alarmSet" => storage::alarm_set,
    "alarmDelete" => storage::alarm_delete,
    "bookmarkCurrent" => storage::bookmark_current,
    "bookmarkForTime" => storage::bookmark_for_time,
    "bookmarkRestore" => storage::bookmark_restore,
    "sqlExec" => sql::exec,
    "sqlNext" => sql::next,
    "sqlRest" => sql::rest,
    "sqlColumns" => sql::columns,
    "sqlCounters" => sql::counters,
    "sqlClose" => sql::close,
    "sqlDatabaseSize" => sql::database_size,
    "sqlIngest" => sql::ingest,
    "sqlReused" => sql::reused,
    "sqlSetMaxPageCount" => sql::set_max_page_count,
    "socketPair" => socket::pair,
    "socketAccept" => socket::accept,
    "socketSend" => socket::send,
    "socketClose" => socket::close,
    "socketConnect" => socket::connect,
    "socketHibernate" => socket::hibernate,
    "socketList" => socket::list,
    "socketTags" => socket::tags,
    "socketState" => socket::state,
    "socketAttachment" => socket::attachment,
    "socketSetAttachment" => socket::set_attachment,
    "socketSetAutoResponse" => socket::set_auto_response,
    "socketAutoResponse" => socket::auto_response,
    "socketAutoResponseTime" => socket::auto_response_time,
    "socketSetEventTimeout" => socket::set_event_timeout,
    "socketEventTimeout" => socket::event_timeout,
}

# What the package differs in from the Node of today, in its bundle: errors own their code, values are shown as everywhere,
# views of all kinds are bytes, and streams hold 64 KiB.
s/super(getMessage(code,message,args))}/super(getMessage(code,message,args)),this.code=code}/
s/inspect(value){switch(typeof value){/inspect(value,options){return stated_inspect(value,options);switch(typeof value){/
s/replacement\.toString()/String(replacement)/
s/inspected\.length>25&&/inspected.length>28\&\&/
s/\["string","Buffer","Uint8Array"\]/["string","Buffer","TypedArray","DataView"]/g
s/Stream\._isUint8Array=function(value){return value instanceof Uint8Array}/Stream._isUint8Array=ArrayBuffer.isView/
s/defaultHighWaterMarkBytes=16\*1024/defaultHighWaterMarkBytes=64*1024/
1a import{inspect as stated_inspect}from"stated:inspect";
s/let msg,len=args\.length;switch(args=(Array\.isArray(args)?args:\[args\])\.map(a=>`"${a}"`)\.join(" or "),len)/let msg="",len=args.length;switch(args=args.map(a=>`"${a}"`),len)/
s/type==="s"&&typeof replacement=="object"/type==="s"\&\&typeof replacement=="object"\&\&replacement/
s/chunk))),err)errorOrDestroy(stream,err);else if(chunk===null)/chunk))),err)return errorOrDestroy(stream,err),!1;if(chunk===null)/

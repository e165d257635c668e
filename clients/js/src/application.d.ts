// What an application declares of itself, and what follows from it for the client's calls.
import type { Register } from './tidings-client.js';

/** What an application has, for `new Tidings<App>()`, or for {@link Register}. Each section may be missing. */
export interface Application {
  /** Messages by the pattern of their channel: `'chat:{room}': Line`. */
  channels?: object;
  /** Methods as functions: `sum(a: number, b: number): number`. */
  calls?: object;
  /** Results by the name of the task. */
  tasks?: object;
  /** Rows by the name of the resource. */
  resources?: object;
}

declare const heard: unique symbol;
declare const said: unique symbol;
declare const inferred: unique symbol;

/** A channel in which clients hear something else than they say: `'chat:{room}': Exchange<Line, { text: string }>`. */
export interface Exchange<Heard, Said> {
  readonly [heard]: Heard;
  readonly [said]: Said;
}

/** In the place of a type that nobody named: it follows from what the application declares, and is `any` where that has nothing of it. */
export interface Inferred {
  readonly [inferred]: never;
}

/** What was named, or what is declared. */
export type Chosen<Named, Declared> = [Named] extends [Inferred] ? Declared : Named;

type Section<App, Name extends string> = Name extends keyof App ? NonNullable<App[Name]> : {};

/** `chat:{room}` is `chat:${string}`, and `log:*` is `log:${string}`. */
type NameOf<Pattern> = Pattern extends `${infer Head}{${string}}${infer Tail}` ? `${Head}${string}${NameOf<Tail>}` : Pattern extends `${infer Head}*` ? `${Head}${string}` : Pattern;

type Matching<Patterns, Channel> = { [Pattern in Patterns & string]: Channel extends NameOf<Pattern> ? Pattern : never }[Patterns & string];

/** Of several patterns the narrowest: of `chat:{room}` and `chat:{room}:typing` the second. */
type Narrowest<Pattern, All = Pattern> = Pattern extends unknown ? ([Narrower<Pattern, Exclude<All, Pattern>>] extends [never] ? Pattern : never) : never;
type Narrower<Pattern, Other> = Other extends unknown ? (NameOf<Other> extends NameOf<Pattern> ? (NameOf<Pattern> extends NameOf<Other> ? never : Other) : never) : never;

type Kind<Channels, Channel> = Channel extends keyof Channels ? Channels[Channel] : Found<Channels, Narrowest<Matching<keyof Channels, Channel>>>;
type Found<Channels, Pattern> = [Pattern] extends [never] ? any : Channels[Pattern & keyof Channels];

type IsAny<T> = 0 extends 1 & T ? true : false;
type HeardIn<Kind> = IsAny<Kind> extends true ? any : Kind extends Exchange<infer Heard, any> ? Heard : Kind;
type SaidIn<Kind> = IsAny<Kind> extends true ? any : Kind extends Exchange<any, infer Said> ? Said : Kind;

/** What is heard in a channel, by its name. */
export type MessageOf<App, Channel extends string> = Channel extends unknown ? (string extends Channel ? any : HeardIn<Kind<Section<App, 'channels'>, Channel>>) : never;

/** What clients publish in a channel, by its name. */
export type PublishedOf<App, Channel extends string> = Channel extends unknown ? (string extends Channel ? any : SaidIn<Kind<Section<App, 'channels'>, Channel>>) : never;

/** What a method returns, by its name. */
export type ReturnOf<App, Method extends string> = Method extends keyof Section<App, 'calls'> ? (Section<App, 'calls'>[Method] extends (...parameters: any) => infer Result ? Awaited<Result> : any) : any;

/** What a task results in: named by its name, or by the type itself. */
export type ResultOf<App, Task> = [Task] extends [Inferred] ? any : Task extends keyof Section<App, 'tasks'> ? Section<App, 'tasks'>[Task] : Task;

/** A row of a resource, by its name. */
export type RowOf<App, Name extends string> = Name extends keyof Section<App, 'resources'> ? Section<App, 'resources'>[Name] : Record<string, any>;

type Called<Method> = Method extends (...parameters: infer Parameters) => infer Result ? (...parameters: Parameters) => Promise<Awaited<Result>> : never;

/** `call('sum', [1, 2])`, and `call.sum(1, 2)`. */
export type Caller<App> = CallByName<App> & CallAsMethod<App, Section<App, 'calls'>>;

type CallAsMethod<App, Calls> = IsAny<App> extends true
  ? any
  : keyof Calls extends never
    ? Record<string, (...parameters: any[]) => Promise<any>>
    : { readonly [Method in keyof Calls]: Called<Calls[Method]> };

interface CallByName<App> {
  /**
   * Calls a method of the application. Fails with a TidingsError; with `connection_lost` where the connection ended before the answer.
   * @param method its name
   * @param params any JSON: an array has the parameters by place, an object by name
   */
  <T = Inferred, Method extends string = string>(method: Method, params?: unknown): Promise<Chosen<T, ReturnOf<App, Method>>>;
}

export type { Register };

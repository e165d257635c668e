using System.CommandLine;
using Tidings.Options;
using Tidings.Server.AdminKeys;
using Tidings.Server.Terminal;

namespace Tidings.Server.Remote;

/// <summary>Which server a command speaks to, and in whose name.</summary>
internal sealed class RemoteOptions
{
    private const string KeyVariable = "TIDINGS_API_KEY";
    private const string TokenVariable = "TIDINGS_TOKEN";

    private readonly Option<string> _url = new("--url") { Description = "Where the server is. Default http://localhost:8000", DefaultValueFactory = _ => "http://localhost:8000" };
    private readonly Option<string> _apiKey = new("--api-key") { Description = $"Key of the server API. Others may see the command line: {KeyVariable} in the environment is safer" };
    private readonly Option<string> _token = new("--token") { Description = $"Token of a user, in whose name to speak; or {TokenVariable} in the environment" };

    /// <summary>Adds the options of who speaks as the server, or as a user.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_apiKey);
        command.Options.Add(_token);
    }

    /// <summary>Adds the options of who speaks as the server.</summary>
    public void AddKeyTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_apiKey);
    }

    /// <summary>Adds the options of who speaks as a user, or as nobody.</summary>
    public void AddUserTo(Command command)
    {
        command.Options.Add(_url);
        command.Options.Add(_token);
    }

    /// <summary>Adds the option of where the server is, for what anybody may ask.</summary>
    public void AddUrlTo(Command command) => command.Options.Add(_url);

    /// <summary>The server: by its HTTP API, or where there is a token by the channel protocol.</summary>
    /// <exception cref="CommandException">An option is wrong.</exception>
    public IRemoteServer Open(ParseResult parsed)
    {
        var (key, token) = (parsed.GetValue(_apiKey), parsed.GetValue(_token));
        if (key is not null && token is not null)
        {
            throw CommandException.Misused("Either --api-key or --token, not both: who speaks is the server or a user.");
        }

        var url = Url(parsed);
        key ??= token is null ? Variable(KeyVariable) : null;
        token ??= key is null ? Variable(TokenVariable) : null;
        return token is null ? Api(url, key) : new UserServer(new UserConnection(url, Header(token, '!', "--token"), comesBack: false));
    }

    /// <summary>The server by its HTTP API, with a key.</summary>
    /// <exception cref="CommandException">An option is wrong.</exception>
    public ApiServer OpenApi(ParseResult parsed) => Api(Url(parsed), parsed.GetValue(_apiKey) ?? Variable(KeyVariable));

    /// <summary>A connection by the channel protocol that comes back by itself.</summary>
    /// <exception cref="CommandException">An option is wrong.</exception>
    public UserConnection Connect(ParseResult parsed) => new(Url(parsed), Token(parsed), comesBack: true);

    /// <summary>The token, or null for nobody.</summary>
    public string? Token(ParseResult parsed) => Header(parsed.GetValue(_token) ?? Variable(TokenVariable), '!', "--token");

    /// <summary>Where the server is: http or https, with a slash at its end.</summary>
    public Uri Url(ParseResult parsed)
    {
        var text = parsed.GetValue(_url)!;
        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url is { Scheme: "http" or "https" or "ws" or "wss", Query: "", Fragment: "", UserInfo: "" }
            ? new UriBuilder(url) { Scheme = url.Scheme is "https" or "wss" ? "https" : "http", Port = url.IsDefaultPort ? -1 : url.Port, Path = url.AbsolutePath.TrimEnd('/') + "/" }.Uri
            : throw CommandException.Misused($"--url is \"{OptionFault.Shown(text)}\"; it must begin with http:// or https://, as http://localhost:8000.");
    }

    private static ApiServer Api(Uri url, string? key) => new(url, Header(key, ' ', "--api-key"), url.IsLoopback && ListeningUser.IsOwn(url.Port) ? AdminKeyFile.Find(url.Port) : null);

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;

    private static string? Header(string? value, char lowest, string option) => value is null || (value.Length > 0 && !value.AsSpan().ContainsAnyExceptInRange(lowest, '~'))
        ? value
        : throw CommandException.Misused($"{option} is empty or has characters that none can have.");
}

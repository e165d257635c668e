using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using TestKit;
using Tidings.Deployment.Tests.Infrastructure;

namespace Tidings.Deployment.Tests.Proxies;

/// <summary>A server behind a proxy that runs with our example of its configuration, without TLS and on a port of the test's own.</summary>
internal sealed partial class Entrance : IAsyncDisposable
{
    public const string ApiKey = "0123456789abcde0";

    private readonly TemporaryDirectory _directory = new();
    private readonly List<RunningProgram> _servers = [];
    private RunningProgram? _proxy;

    private Entrance(int port)
    {
        Port = port;
        Http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}"), Timeout = Eventually.Limit };
    }

    public int Port { get; }

    public HttpClient Http { get; }

    /// <summary>The requests that nginx has taken, a line each: method, path and status.</summary>
    public string[] Requests => File.ReadAllLines(_directory["access.log"]);

    /// <param name="proxy"><c>nginx</c> or <c>caddy</c>.</param>
    public static Task<Entrance> StartAsync(string proxy) => StartAsync(proxy, site: null, "--api-key", ApiKey, "--trusted-proxy", "127.0.0.1");

    /// <param name="proxy"><c>nginx</c> or <c>caddy</c>.</param>
    /// <param name="site">What nginx is told in the place of our example, with PORT and SERVER for the two ports.</param>
    /// <param name="options">Options of <c>tidings serve</c>.</param>
    public static async Task<Entrance> StartAsync(string proxy, string? site, params string[] options)
    {
        var entrance = new Entrance(FreePort());
        try
        {
            var (server, address) = await TidingsProgram.ServeAsync(options);
            entrance._servers.Add(server);
            await entrance.StartProxyAsync(proxy, site, address.Port);
            return entrance;
        }
        catch
        {
            await entrance.DisposeAsync();
            throw;
        }
    }

    /// <summary>The same before two nodes on one Redis, as the comments of the example say.</summary>
    /// <param name="proxy"><c>nginx</c> or <c>caddy</c>.</param>
    /// <param name="nodes">The nodes' ports.</param>
    public static async Task<Entrance> StartAsync(string proxy, int[] nodes)
    {
        var entrance = new Entrance(FreePort());
        try
        {
            await entrance.StartProxyAsync(proxy, site: null, nodes);
            return entrance;
        }
        catch
        {
            await entrance.DisposeAsync();
            throw;
        }
    }

    /// <summary>A port of loopback that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task StartProxyAsync(string proxy, string? site, params int[] nodes)
    {
        _proxy = proxy == "nginx" ? Nginx(nodes, site) : Caddy(nodes);
        await Eventually.TrueAsync(AnswersAsync, () => $"{proxy} answers; it said: {_proxy.Output}");
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await (_proxy?.DisposeAsync() ?? default);
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }

        _directory.Dispose();
    }

    private RunningProgram Nginx(int[] nodes, string? told)
    {
        var site = told?.Replace("PORT", $"{Port}", StringComparison.Ordinal).Replace("SERVER", $"{nodes[0]}", StringComparison.Ordinal) ?? Certificate().Replace(Repository.Read("deploy", "nginx", "tidings.conf"), "")
            .Replace("listen 443 ssl;", $"listen 127.0.0.1:{Port};", StringComparison.Ordinal)
            .Replace("127.0.0.1:8000", $"127.0.0.1:{nodes[0]}", StringComparison.Ordinal);
        site = nodes.Length == 1 ? site : AnotherServer().Replace(site, found => found.Groups[1].Value.Replace("8001", $"{nodes[1]}", StringComparison.Ordinal));
        File.WriteAllText(_directory["site.conf"], site);
        var temporary = string.Join('\n', new[] { "client_body", "proxy", "fastcgi", "uwsgi", "scgi" }.Select(name => $"{name}_temp_path {_directory[name]};"));
        File.WriteAllText(_directory["nginx.conf"], $$"""
            daemon off;
            pid {{_directory["pid"]}};
            events {}
            http {
                {{temporary}}
                log_format short '$request_method $uri $status';
                access_log {{_directory["access.log"]}} short;
                include {{_directory["site.conf"]}};
            }
            """);
        return new RunningProgram("nginx", ["-c", _directory["nginx.conf"], "-p", _directory.Path, "-e", "stderr"]);
    }

    private RunningProgram Caddy(int[] nodes)
    {
        var site = Repository.Read("deploy", "caddy", "Caddyfile")
            .Replace("push.example.com {", $"http://127.0.0.1:{Port} {{", StringComparison.Ordinal)
            .Replace("\tto 127.0.0.1:8000", "\tto " + string.Join(' ', nodes.Select(static node => $"127.0.0.1:{node}")), StringComparison.Ordinal);
        File.WriteAllText(_directory["Caddyfile"], "{\n\tadmin off\n}\n" + site);
        return new RunningProgram("caddy", ["run", "--adapter", "caddyfile", "--config", _directory["Caddyfile"]], null, ("HOME", _directory.Path), ("XDG_DATA_HOME", _directory.Path), ("XDG_CONFIG_HOME", _directory.Path));
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            using var response = await Http.GetAsync(new Uri("/readyz", UriKind.Relative));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    // The line that the example has as a comment.
    [GeneratedRegex(@"# (server 127\.0\.0\.1:8001[^;]*;).*")]
    private static partial Regex AnotherServer();

    [GeneratedRegex(@"^ *ssl_certificate.*\n", RegexOptions.Multiline)]
    private static partial Regex Certificate();
}

using System.Net;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Tidings.AspNetCore.Keys;

namespace Tidings.EntityFrameworkCore.Tests.Infrastructure;

/// <summary>An application with a shop, on a port of its own. <c>?as=name</c> is its authentication.</summary>
internal sealed class ShopApp : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly LogCollector _log;
    private readonly string? _database;

    private ShopApp(WebApplication app, LogCollector log, string? database)
    {
        _app = app;
        _database = database;
        _log = log;
        Port = new Uri(app.Urls.First()).Port;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public int Port { get; }

    public HttpClient Http { get; }

    public ITidings Tidings => _app.Services.GetRequiredService<ITidings>();

    public IServiceProvider Services => _app.Services;

    public IReadOnlyCollection<string> Log => _log.Lines;

    /// <param name="database">PostgreSQL's connection string, or SQLite's; null for EF Core's in-memory provider.</param>
    /// <param name="map">What to map; null for <c>/items</c> with its usual members and <c>/orders</c>.</param>
    /// <param name="services">Further services.</param>
    /// <param name="create">Whether the tables are made.</param>
    /// <param name="lateServices">Services after those of Tidings.</param>
    /// <param name="queueBytes">The bound of a connection's queue; a page of rows is a quarter of it.</param>
    /// <param name="logs">Where on PostgreSQL the nodes have their logs; null for the node's memory.</param>
    public static async Task<ShopApp> StartAsync(
        string? database, Action<WebApplication>? map = null, Action<IServiceCollection>? services = null, bool create = true, Action<IServiceCollection>? lateServices = null, int? queueBytes = null, string? logs = null)
    {
        var log = new LogCollector();
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.UseTidings();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(log);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Error);
        builder.Services.AddRouting();
        builder.Services.AddProblemDetails();
        builder.Services.AddSingleton(new DirectLocalRule(triedOut: true));
        services?.Invoke(builder.Services);
        var tidings = builder.Services.AddTidings(tidings =>
        {
            tidings.Limits.Preset = LimitPreset.None;

            // What else the machine does is no reason to refuse.
            tidings.Overload.QueueDelay = TimeSpan.Zero;
            tidings.Limits.QueueBytes = queueBytes;
            tidings.Drain = TimeSpan.Zero;
        }).AddDbContext<ShopDb>();
        var memory = Guid.NewGuid().ToString();
        builder.Services.AddDbContext<ShopDb>(options => _ = database is null ? options.UseInMemoryDatabase(memory) : SqliteFile.Is(database) ? options.UseSqlite(database) : options.UseNpgsql(database));
        if (logs is not null)
        {
            tidings.AddPostgreSql(logs);
        }

        lateServices?.Invoke(builder.Services);
        var app = builder.Build();
        app.Use((context, next) =>
        {
            if (context.Request.Query["as"] is [{ } name])
            {
                context.User = new ClaimsPrincipal(new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, name)], "test"));
                context.Request.QueryString = new Microsoft.AspNetCore.Http.QueryString(
                    string.Join('&', context.Request.QueryString.Value!.TrimStart('?').Split('&').Where(part => !part.StartsWith("as=", StringComparison.Ordinal))) is { Length: > 0 } rest ? "?" + rest : "");
            }

            return next(context);
        });
        app.UseRouting();
        app.MapTidings("/connect");
        if (map is null)
        {
            app.MapResource<Item, ShopDb>("/items").Members(i => new { i.Id, i.Name, i.Category, i.Price });
            app.MapResource<Order, ShopDb>("/orders").AllMembers();
        }
        else
        {
            map(app);
        }

        if (create)
        {
            await using var scope = app.Services.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<ShopDb>().Database.EnsureCreatedAsync();
        }

        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }

        return new ShopApp(app, log, database);
    }

    public Task<FeedClient> ConnectAsync(string path = "/ws/items") => FeedClient.ConnectAsync(Port, path);

    /// <summary>Connects, subscribes and takes the rows.</summary>
    public async Task<(FeedClient Client, JsonElement Initial)> SubscribeAsync(string path = "/ws/items", string command = """{"type":"subscribe"}""")
    {
        var client = await ConnectAsync(path);
        await client.SendAsync(command);
        return (client, await client.ExpectAsync("initial"));
    }

    /// <summary>Uses a context of its own.</summary>
    public async Task<T> UseAsync<T>(Func<ShopDb, Task<T>> use)
    {
        await using var scope = _app.Services.CreateAsyncScope();
        return await use(scope.ServiceProvider.GetRequiredService<ShopDb>());
    }

    public Task UseAsync(Func<ShopDb, Task> use) => UseAsync(async db =>
    {
        await use(db);
        return true;
    });

    /// <summary>Adds an item by a context of its own.</summary>
    public Task<int> AddAsync(string name, string? category = null, decimal price = 1, string owner = "") => UseAsync(async db =>
    {
        var item = new Item { Name = name, Category = category, Price = price, Owner = owner };
        db.Add(item);
        await db.SaveChangesAsync();
        return item.Id;
    });

    /// <summary>Changes an item by a context of its own.</summary>
    public Task ChangeAsync(int id, Action<Item> change) => UseAsync(async db =>
    {
        change((await db.Items.FindAsync(id))!);
        await db.SaveChangesAsync();
    });

    public async Task<(HttpStatusCode Status, JsonElement Json, HttpResponseMessage Response)> SendAsync(HttpMethod method, string path, string? json = null, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        change?.Invoke(request);
        var response = await Http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, body.Length == 0 ? default : JsonDocument.Parse(body).RootElement.Clone(), response);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var limit = new CancellationTokenSource(Eventually.Limit);
        await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        if (SqliteFile.Is(_database))
        {
            using var connection = new Microsoft.Data.Sqlite.SqliteConnection(_database);
            Microsoft.Data.Sqlite.SqliteConnection.ClearPool(connection);
        }
        else if (_database is not null)
        {
            // A pool for each database, and one server for all of them.
            await using var connection = new Npgsql.NpgsqlConnection(_database);
            Npgsql.NpgsqlConnection.ClearPool(connection);
        }
    }
}

using System.Buffers;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Metadata;
using Tidings.AspNetCore.Responses;
using Tidings.EntityFrameworkCore.Outbox;
using Tidings.EntityFrameworkCore.Resources;
using Tidings.Protocol;
using Tidings.Protocol.Replies;

namespace Tidings.Resources.Rest;

/// <summary>What each REST route of a resource does. What it saves is shown as whatever anybody saves.</summary>
internal sealed class RestHandler<TEntity>(ResourceDefinition<TEntity> definition)
    where TEntity : class
{
    private EntityResource<TEntity> Resource => (EntityResource<TEntity>)definition.Resource;

    public async Task<IResult> ListAsync(HttpContext context, DbContext db)
    {
        var query = ListRequest.Read(context.Request, Resource, context.User);

        // One more than is shown says whether there is another page.
        var rows = await Resource.Query(db, query with { Limit = query.Limit + 1 }).ToListAsync(context.RequestAborted);
        if (rows.Count > query.Limit)
        {
            rows.RemoveAt(query.Limit);
            context.Response.Headers.Link = $"<{Next(context.Request, query)}>; rel=\"next\"";
        }

        return Answer(writer =>
        {
            writer.WriteStartArray();
            foreach (var row in rows)
            {
                Resource.Events.WriteRow(writer, row);
            }

            writer.WriteEndArray();
        });
    }

    public async Task<IResult> GetAsync(HttpContext context, DbContext db)
    {
        var entity = await FindAsync(context, db, tracked: false);
        return Shown(context, db.Entry(entity));
    }

    public async Task<IResult> CreateAsync(HttpContext context, DbContext db)
    {
        var body = await RowBody.ReadAsync(context, Resource);
        var type = db.Model.FindEntityType(typeof(TEntity))!;
        body.RequireAll(type);
        var isGiven = body.Values.TryGetValue(Resource.KeyIndex, out var key);
        if (!isGiven && type.FindProperty(Resource.Key.PropertyName)!.ValueGenerated == ValueGenerated.Never)
        {
            throw RestFault.Invalid(new Dictionary<string, string[]> { [Resource.Key.JsonName.Value] = ["This member is required."] });
        }

        if (isGiven && key is string name && !RowAddress.CanName(name))
        {
            throw RestFault.Invalid(new Dictionary<string, string[]> { [Resource.Key.JsonName.Value] = ["This cannot be part of an address."] });
        }

        var entity = (TEntity)Activator.CreateInstance(typeof(TEntity), nonPublic: true)!;
        body.WriteTo(entity, static _ => true, context.RequestServices);
        db.Add(entity);
        MustBeVisible(context, db.Entry(entity));
        if (isGiven && await db.Set<TEntity>().AsNoTracking().AnyAsync(Resource.HasKey(key!), context.RequestAborted))
        {
            throw RestFault.Conflict("There is a row with this key already.");
        }

        await SaveAsync(db, Resource, context.RequestAborted);
        var entry = db.Entry(entity);
        var id = Convert.ToString(entry.Property(Resource.Key.PropertyName).CurrentValue, System.Globalization.CultureInfo.InvariantCulture)!;
        context.Response.Headers.Location = RowAddress.Of(context.Request, id);
        return Shown(context, entry, StatusCodes.Status201Created);
    }

    public async Task<IResult> ReplaceAsync(HttpContext context, DbContext db)
    {
        var body = await RowBody.ReadAsync(context, Resource);
        body.RequireAll(db.Model.FindEntityType(typeof(TEntity))!);
        return await WriteAsync(context, db, body);
    }

    public async Task<IResult> PatchAsync(HttpContext context, DbContext db) => await WriteAsync(context, db, await RowBody.ReadAsync(context, Resource));

    public async Task<IResult> DeleteAsync(HttpContext context, DbContext db)
    {
        var entity = await FindAsync(context, db, tracked: true);
        CheckMatch(context, db.Entry(entity));
        db.Remove(entity);
        await SaveAsync(db, Resource, context.RequestAborted);
        return TypedResults.NoContent();
    }

    private async Task<IResult> WriteAsync(HttpContext context, DbContext db, RowBody body)
    {
        var entity = await FindAsync(context, db, tracked: true);
        var entry = db.Entry(entity);
        CheckMatch(context, entry);
        CheckTokens(entry, body);
        if (body.Values.TryGetValue(Resource.KeyIndex, out var key) && !Equals(key, entry.Property(Resource.Key.PropertyName).CurrentValue))
        {
            throw RestFault.Invalid(new Dictionary<string, string[]> { [Resource.Key.JsonName.Value] = ["The key of a row cannot be changed."] });
        }

        body.WriteTo(entity, index => index != Resource.KeyIndex && !IsGenerated(entry, index), context.RequestServices);
        MustBeVisible(context, entry);
        await SaveAsync(db, Resource, context.RequestAborted);
        return Shown(context, entry);
    }

    private async Task<TEntity> FindAsync(HttpContext context, DbContext db, bool tracked)
    {
        if (!ListRequest.TryTake(RowAddress.KeyOf(context), Resource.Key, out var key, out _))
        {
            throw RestFault.NotFound();
        }

        var set = tracked ? db.Set<TEntity>() : db.Set<TEntity>().AsNoTracking();
        return await set.Where(Resource.HasKey(key!)).Where(Resource.VisibleTo(context.User)).FirstOrDefaultAsync(context.RequestAborted) ?? throw RestFault.NotFound();
    }

    /// <exception cref="RestFault">The database did not take it.</exception>
    private static async Task SaveAsync(DbContext db, EntityResource<TEntity> resource, CancellationToken cancellationToken)
    {
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException error)
        {
            var key = error.Entries.Count > 0 ? error.Entries[0].Property(resource.Key.PropertyName).CurrentValue : null;
            throw key is null || !await db.Set<TEntity>().AsNoTracking().AnyAsync(resource.HasKey(key), cancellationToken)
                ? RestFault.NotFound()
                : RestFault.Conflict("The row has changed since it was read: read it again.");
        }
        catch (DbUpdateException error) when (DatabaseFault.IsOfValue(error))
        {
            throw RestFault.BadRequest("The database refuses a value of this row.");
        }
        catch (DbUpdateException error) when (!DatabaseFault.IsPassing(error))
        {
            throw RestFault.Conflict("The database refuses this row: it breaks one of its rules.");
        }
    }

    private void MustBeVisible(HttpContext context, EntityEntry entry)
    {
        if (Resource.IsVisible is { } isVisible && !isVisible(RowOf(entry), context.User))
        {
            throw new RestFault(Problems.Create(ErrorCode.NotAllowed, "The row would not be one of yours."));
        }
    }

    private static void CheckMatch(HttpContext context, EntityEntry entry)
    {
        var wanted = context.Request.Headers.IfMatch.ToString();
        if (wanted.Length > 0 && wanted != "*" && !wanted.Split(',', StringSplitOptions.TrimEntries).Contains(TagOf(entry)))
        {
            throw RestFault.Stale();
        }
    }

    // A client that sends back the token it read says which state its change is based on.
    private void CheckTokens(EntityEntry entry, RowBody body)
    {
        foreach (var (index, value) in body.Values)
        {
            var property = entry.Property(Resource.Columns[index].PropertyName);
            if (property.Metadata.IsConcurrencyToken && !Equals(property.CurrentValue, value))
            {
                throw RestFault.Conflict("The row has changed since it was read: read it again.");
            }
        }
    }

    private bool IsGenerated(EntityEntry entry, int index) =>
        entry.Property(Resource.Columns[index].PropertyName).Metadata is { ValueGenerated: ValueGenerated.OnAddOrUpdate or ValueGenerated.OnUpdate };

    private object?[] RowOf(EntityEntry entry) => [.. Resource.Columns.Select(column => entry.Property(column.PropertyName).CurrentValue)];

    private JsonAnswer Shown(HttpContext context, EntityEntry entry, int status = StatusCodes.Status200OK)
    {
        if (TagOf(entry) is { } tag)
        {
            context.Response.Headers.ETag = tag;
        }

        return Answer(writer => Resource.Events.WriteRow(writer, RowOf(entry)), status);
    }

    // Null where the entity has no concurrency token.
    private static string? TagOf(EntityEntry entry)
    {
        var tokens = entry.Metadata.GetProperties().Where(static property => property.IsConcurrencyToken).ToList();
        if (tokens.Count == 0)
        {
            return null;
        }

        var text = string.Join('\n', tokens.Select(token => entry.Property(token.Name).CurrentValue switch
        {
            byte[] bytes => Convert.ToHexString(bytes),
            var value => Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture),
        }));
        return $"\"{Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)).AsSpan(0, 8))}\"";
    }

    private static string Next(HttpRequest request, RowQuery query)
    {
        var parameters = request.Query.Where(static parameter => parameter.Key is not ("offset" or "limit")).ToDictionary();
        var builder = new QueryBuilder(parameters)
        {
            { "limit", query.Limit.ToString(System.Globalization.CultureInfo.InvariantCulture) },
            { "offset", (query.Skip + query.Limit).ToString(System.Globalization.CultureInfo.InvariantCulture) },
        };
        return $"{request.PathBase.ToUriComponent()}{request.Path.ToUriComponent()}{builder}";
    }

    private static JsonAnswer Answer(Action<Utf8JsonWriter> write, int status = StatusCodes.Status200OK)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, JsonFrame.Options))
        {
            write(writer);
        }

        return new JsonAnswer(buffer.WrittenMemory, status);
    }

    private sealed class JsonAnswer(ReadOnlyMemory<byte> json, int status) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = "application/json";
            httpContext.Response.ContentLength = json.Length;
            await httpContext.Response.Body.WriteAsync(json, httpContext.RequestAborted);
        }
    }
}
